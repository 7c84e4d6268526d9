import { defaultPayloadConverter } from '@temporalio/common';
import { createFindExistingPacks } from '../../../bridge/kafka/existing-packs';
import { createPacksClient } from './packs-client';
import { readSimply, records } from './support';

/** What is found where visibility names a pack of the offsets 0 to 5, and the records fetched begin at 3. */
async function found(history: () => Promise<unknown>) {
  const pack = {
    workflowId: 'x-jobs-queue-0-0-1000',
    runId: 'run',
    memo: { lastOffset: '5' },
    typedSearchAttributes: { get: () => 0 },
  };
  const client = createPacksClient({
    list: async function* (query) {
      if (query.includes(' <= ')) yield await Promise.resolve(pack);
    },
    history,
  });
  return await createFindExistingPacks(client)(records(9).slice(3));
}

describe('a pack in whose middle the group stands', () => {
  it('is believed when its history holds the records', async () => {
    const payloads = [defaultPayloadConverter.toPayload({ jobs: records(6).map(readSimply) })];
    const event = { workflowExecutionStartedEventAttributes: { input: { payloads } } };
    const { packs, more } = await found(() => Promise.resolve({ history: { events: [event] } }));
    expect([packs.map(({ lastOffset }) => lastOffset), more]).toEqual([[5n], true]);
  });

  it('counts no longer once Temporal has forgotten it, though visibility names it still', async () => {
    const gone = () => Promise.reject(Object.assign(new Error('5 NOT_FOUND'), { code: 5 }));
    await expect(found(gone)).resolves.toEqual({ packs: [], more: false });
  });

  it('is looked for again when the history cannot be read', async () => {
    const away = () => Promise.reject(Object.assign(new Error('14 UNAVAILABLE'), { code: 14 }));
    await expect(found(away)).rejects.toThrow('UNAVAILABLE');
  });
});
