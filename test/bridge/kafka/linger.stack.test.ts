import { searchAttributes } from '../../../contracts/search-attributes';
import { eventually } from '../../support/eventually';
import { packsOf } from '../../support/packs';
import { briefs } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const PARTITIONS = 3;
const rig = useRig({ partitions: PARTITIONS });

/** Longer than anything else takes here. */
const LINGER_MS = 10_000;

const committed = (...offsets: number[]) =>
  eventually(`committed offsets ${offsets.join(', ')}`, async () => {
    const found = (await rig.committed()).map((offset) => Math.max(offset, 0));
    return found.join() === offsets.join() || `they are ${found.join(', ')}`;
  });

async function startTimes(): Promise<number[]> {
  const query = `${searchAttributes.partition.name} STARTS_WITH '${rig.queue}-'`;
  const times: number[] = [];
  for await (const { startTime } of rig.client.workflow.list({ query })) times.push(startTime.getTime());
  return times;
}

test('a record that comes alone is handed over at once; those that come soon after it share a pack', async () => {
  await rig.startBridge({ PACK_LINGER_MS: '2000' });
  const [first, ...others] = briefs(4, 'linger');
  await rig.produce([first!], 0);
  await committed(1, 0, 0);
  for (const job of others) await rig.produce([job], 0);
  await committed(4, 0, 0);
  await eventually('two packs are visible', async () => (await packsOf(rig.client, rig.queue)).length === 2);
  const packs = await packsOf(rig.client, rig.queue);
  expect(packs.map(({ jobIds }) => jobIds)).toEqual([['linger-0'], ['linger-1', 'linger-2', 'linger-3']]);
});

test('partitions rest side by side: none waits for another one to have rested, also where starts go one at a time', async () => {
  const jobs = briefs(PARTITIONS, 'side');
  for (const [partition, job] of jobs.entries()) await rig.produce([job], partition);
  await rig.startBridge({ PACK_LINGER_MS: String(LINGER_MS), BRIDGE_START_CONCURRENCY: '1' });
  await committed(1, 1, 1);
  await eventually('all are visible', async () => (await startTimes()).length === PARTITIONS);
  const times = await startTimes();
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(LINGER_MS);
});
