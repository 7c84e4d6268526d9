import { eventually } from '../../support/eventually';
import { packsOf, repeatedJobs, type StartedPackView } from '../../support/packs';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const partitions = 3;
const rig = useRig({ partitions, env: { JOB_ID_DEDUPE: 'ledger' } });

async function allPacks(): Promise<StartedPackView[]> {
  const views = Array.from({ length: partitions }, (_, partition) =>
    packsOf(rig.client, rig.queue, partition),
  );
  return (await Promise.all(views)).flat();
}

async function committedToTheEnd(): Promise<void> {
  const ends = (await rig.admin.fetchTopicOffsets(rig.queue)).sort((a, b) => a.partition - b.partition);
  const expected = ends.map(({ high }) => Number(high));
  await eventually(`committed offsets ${expected.join(' ')}`, async () => {
    // A partition without records has no committed offset.
    const committed = (await rig.committed()).map((offset) => Math.max(offset, 0));
    return committed.join() === expected.join() || `they are ${committed.join(' ')}`;
  });
}

/** Each job in one pack, one LLM call for it, one result. */
async function expectEachDoneOnce(ids: string[]): Promise<void> {
  const results = await rig.resultsFor(ids);
  await eventually('all packs have ended', async () => {
    const packs = await allPacks();
    return (
      packs.every(({ status }) => status === 'COMPLETED') &&
      packs.flatMap((p) => p.jobIds).length >= ids.length
    );
  });
  const packs = await allPacks();
  expect(repeatedJobs(packs)).toEqual([]);
  expect(packs.flatMap((pack) => pack.jobIds).sort()).toEqual([...ids].sort());
  expect([...results].filter(([, records]) => records.length !== 1)).toEqual([]);
  expect(rig.results).toHaveLength(ids.length);
  const calls = await Promise.all(ids.map((id) => rig.llmCalls(id)));
  expect(calls.filter((count) => count !== 1)).toEqual([]);
}

test('a producer that sends everything twice gets each job done once, with two bridges of which one is killed', async () => {
  const small = { PACK_MAX: '4' };
  const [killed] = [await rig.startBridge(small), await rig.startBridge(small), await rig.startWorker()];
  const jobs = briefs(150, rig.name);
  for (let from = 0; from < jobs.length; from += 30) {
    const [same, other, later] = [0, 10, 20].map((at) => jobs.slice(from + at, from + at + 10)) as [
      typeof jobs,
      typeof jobs,
      typeof jobs,
    ];
    const partition = (from / 30) % partitions;
    // Behind one another in the same partition; at the same time in two; a whole round later.
    await rig.produce(
      same.flatMap((job) => [job, job]),
      partition,
    );
    await Promise.all([rig.produce(other, partition), rig.produce(other, (partition + 1) % partitions)]);
    await rig.produce([...jobs.slice(Math.max(from - 10, 0), from), ...later], partition);
    if (from === 60) {
      await killed.kill('SIGKILL');
      await rig.startBridge(small);
    }
  }
  await rig.produce(jobs);
  await committedToTheEnd();
  await expectEachDoneOnce(idsOf(jobs));
});

test('after a reset to a record that is a duplicate no job is in a second pack', async () => {
  const [a, b, c, d] = briefs(4, rig.name).map((job) => [job]);
  await rig.produce(
    [a, b, a, b, c, d].flatMap((job) => job ?? []),
    0,
  );
  const bridge = await rig.startBridge({ PACK_MAX: '2' });
  await committedToTheEnd();
  await eventually(
    'four jobs in packs',
    async () => (await allPacks()).flatMap((p) => p.jobIds).length === 4,
  );
  const before = await allPacks();
  expect(bridge.log()).toMatch(/"first":"[^"]+:0:0:\d+".*skipped records whose job id came before/);
  // The line that says what the deduplication covers, from the real servers.
  expect(bridge.log()).toMatch(
    /recognised for 192 h .* keeps records for 168 h; a job id .* recognised for 192 h/,
  );
  await bridge.kill('SIGTERM');

  await rig.admin.setOffsets({
    groupId: rig.group,
    topic: rig.queue,
    partitions: [{ partition: 0, offset: '2' }],
  });
  const e = briefs(1, `${rig.name}-later`);
  await rig.produce(e, 0);
  await rig.startBridge();
  await committedToTheEnd();
  await eventually('the fifth job is in a pack', async () => (await allPacks()).length > before.length);
  expect((await allPacks()).slice(0, before.length)).toEqual(before);
  await rig.startWorker();
  await expectEachDoneOnce([...before.flatMap((pack) => pack.jobIds), ...idsOf(e)]);
});
