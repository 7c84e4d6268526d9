import { isOwnTrouble, TakesLong } from '../../../bridge/kafka/own-trouble';
import { createRequests, type Requests, type RequestsOptions } from '../../../bridge/kafka/requests';
import type { PackToStart } from '../../../bridge/start-pack';
import { HeadwayError } from '../../../contracts/errors';
import { deferred, queueRecord, settled } from './support';

const packOf = (workflowId: string, lastOffset = 0n): PackToStart => ({
  ...{ workflowId, jobs: [] },
  range: { partition: 'x-0', firstOffset: 0n, lastOffset },
});
const poisonOf = (offset: number) => [
  { record: queueRecord(offset), error: new HeadwayError('HW_JOB_INVALID', 'input: is wrong') },
];
const wanted = () => true;
const never = new Promise<never>(() => undefined);

/** What was asked for, in order. What is not given answers at once. */
function open(given: Partial<RequestsOptions> = {}) {
  const asked: string[] = [];
  const noting =
    <Given extends unknown[], T>(name: string, answer: (...of: Given) => Promise<T>) =>
    (...of: Given) => {
      asked.push(name);
      return answer(...of);
    };
  const all: RequestsOptions = {
    startPack: () => Promise.resolve({ kind: 'started', runId: '' }),
    startStoredPack: () => Promise.resolve({ kind: 'started', runId: 'stored' }),
    isStored: ({ workflowId }) => workflowId.startsWith('large'),
    findExistingPacks: () => Promise.resolve({ packs: [], more: false }),
    sendDeadLetters: () => Promise.resolve(),
    claim: (jobs) => Promise.resolve({ own: jobs, duplicates: [] }),
    concurrency: 1,
    letGoMs: 50,
    ...given,
  };
  const requests = createRequests({
    ...all,
    startPack: noting('start', all.startPack),
    startStoredPack: noting('stored start', all.startStoredPack),
    findExistingPacks: noting('look-up', all.findExistingPacks),
    sendDeadLetters: noting('dead letters', all.sendDeadLetters),
    claim: noting('claim', all.claim!),
  });
  return { requests, asked };
}

const kinds: [
  string,
  keyof RequestsOptions,
  (requests: Requests, isWanted: () => boolean) => Promise<unknown>,
][] = [
  ['start', 'startPack', (requests, isWanted) => requests.startPack(packOf('p'), isWanted)],
  ['stored start', 'startStoredPack', (requests, isWanted) => requests.startPack(packOf('large'), isWanted)],
  ['look-up', 'findExistingPacks', (requests, isWanted) => requests.findExistingPacks([], isWanted)],
  [
    'dead letters',
    'sendDeadLetters',
    (requests, isWanted) => requests.sendDeadLetters(poisonOf(0), isWanted),
  ],
  ['claim', 'claim', (requests, isWanted) => requests.claim!([], isWanted)],
];

describe.each(kinds)('%s', (name, option, ask) => {
  it('that hangs keeps nothing of another kind waiting', async () => {
    const { requests, asked } = open({ [option]: () => never });
    ask(requests, wanted).catch(() => undefined);
    const others = kinds.filter(([other]) => other !== name);
    await Promise.all(others.map(([, , askOther]) => askOther(requests, wanted)));
    expect(asked.sort()).toEqual(kinds.map(([kind]) => kind).sort());
  });

  it('is not made where it is wanted no more when its turn comes', async () => {
    const first = deferred<never>();
    const { requests, asked } = open({ [option]: () => first.promise, letGoMs: 10_000 });
    const begun = ask(requests, wanted).catch(() => undefined);
    let isWanted = true;
    // Another one of its kind: the same again would get the answer of the first.
    const late =
      name === 'stored start'
        ? requests.startPack(packOf('large too'), () => isWanted)
        : name === 'dead letters'
          ? requests.sendDeadLetters(poisonOf(7), () => isWanted)
          : ask(requests, () => isWanted);
    isWanted = false;
    first.reject(new Error('over'));
    await expect(late).resolves.toBeUndefined();
    await begun;
    expect(asked).toEqual([name]);
  });
});

describe.each([
  [
    'a start with a payload to store',
    'startStoredPack',
    (r: Requests) => r.startPack(packOf('large'), wanted),
  ],
  ['a dead letter', 'sendDeadLetters', (r: Requests) => r.sendDeadLetters(poisonOf(0), wanted)],
] as const)('%s that takes long', (_, option, ask) => {
  it('is let go as trouble of its partition, and not made twice: who comes again gets its answer', async () => {
    const answer = deferred<never>();
    const { requests, asked } = open({ [option]: () => answer.promise });
    const error: unknown = await ask(requests).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TakesLong);
    expect(isOwnTrouble(error)).toBe(true);
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    answer.resolve({ kind: 'started', runId: 'late' } as never);
    await settled();
    await expect(ask(requests)).resolves.toBeDefined();
    expect(asked).toHaveLength(1);
    await ask(requests);
    expect(asked).toHaveLength(2);
  });

  it('is made again once it has failed, with nobody waiting', async () => {
    const answer = deferred<never>();
    const { requests, asked } = open({ [option]: () => answer.promise });
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    answer.reject(new Error('not enough in-sync replicas'));
    await settled();
    await expect(ask(requests)).rejects.toThrow('in-sync');
    expect(asked).toHaveLength(2);
  });

  it('is made again for whoever has the partition next', async () => {
    const { requests, asked } = open({ concurrency: 2, [option]: () => never });
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    requests.forget();
    await expect(ask(requests)).rejects.toBeInstanceOf(TakesLong);
    expect(asked).toHaveLength(2);
  });
});

it('a stored pack that has grown meanwhile is another one', async () => {
  const { requests, asked } = open({ concurrency: 2, startStoredPack: () => never });
  await expect(requests.startPack(packOf('large', 3n), wanted)).rejects.toBeInstanceOf(TakesLong);
  await expect(requests.startPack(packOf('large', 4n), wanted)).rejects.toBeInstanceOf(TakesLong);
  expect(asked).toHaveLength(2);
});

it('whoever asks last says whether a turn is still wanted', async () => {
  const first = deferred();
  const { requests, asked } = open({
    sendDeadLetters: ([one]) => (one?.record.offset === 0n ? first.promise : Promise.resolve()),
  });
  requests.sendDeadLetters(poisonOf(0), wanted).catch(() => undefined);
  let isWanted = true;
  await expect(requests.sendDeadLetters(poisonOf(1), () => isWanted)).rejects.toBeInstanceOf(TakesLong);
  isWanted = false;
  const again = requests.sendDeadLetters(poisonOf(1), wanted);
  first.resolve();
  await expect(again).resolves.toBe(true);
  expect(asked).toHaveLength(2);
});

it('a look-up that takes longer than Temporal\u2019s deadline is trouble of its partition too', async () => {
  const { requests } = open({ findExistingPacks: () => never });
  await expect(requests.findExistingPacks([], wanted)).rejects.toBeInstanceOf(TakesLong);
});
