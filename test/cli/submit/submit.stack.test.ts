import type { JobResult } from '../../../contracts/job-result';
import { eventually } from '../../support/eventually';
import { headway } from '../../support/headway';
import { briefs, idsOf } from '../../support/rig';
import { useRig } from '../../support/use-rig';

const rig = useRig({ partitions: 3 });
const lines = (jobs: object[]) => jobs.map((job) => `${JSON.stringify(job)}\n`).join('');

test('--wait prints the result of each job of a pipe as it ends, and 1 for one that did not complete', async () => {
  await Promise.all([rig.startBridge(), rig.startWorker()]);
  const jobs = [...briefs(300, `${rig.name}-good`), ...briefs(1, `${rig.name}-bad`, 'refusal')];
  const run = await headway(rig.env, ['submit', '-', '--wait', '--json'], lines(jobs));
  expect(run.code).toBe(1);
  const results = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JobResult);
  expect(results.map(({ id }) => id).sort()).toEqual(idsOf(jobs).sort());
  expect(results.filter(({ status }) => status !== 'completed')).toMatchObject([{ id: `${rig.name}-bad-0` }]);
  expect(run.stderr).toBe(`Sent 301 jobs to ${rig.queue}; 300 completed, 1 ended otherwise.\n`);
  // Bytes as they were published: nothing was put together here.
  expect(results[0]).toEqual(rig.results.find(({ key }) => key === results[0]?.id)?.result);

  const input = JSON.stringify(jobs[0]?.input);
  const one = await headway(rig.env, ['submit', '--pipeline', 'company-brief', '--input', input, '--wait']);
  expect(one.code).toBe(0);
  expect(JSON.parse(one.stdout)).toHaveProperty('summary');
});

test('a topic that takes less than usual takes them in smaller batches, and what is too large for it is named', async () => {
  const small = `${rig.queue}-small`;
  const configEntries = [{ name: 'max.message.bytes', value: '3000' }];
  await rig.admin.createTopics({ topics: [{ topic: small, numPartitions: 1, configEntries }] });
  const jobs = [...briefs(60, `${rig.name}-many`), ...briefs(1, `${rig.name}-large`)];
  Object.assign(jobs.at(-1)!, {
    metadata: Object.fromEntries('abcdefgh'.split('').map((key) => [key, key.repeat(500)])),
  });
  const run = await headway({ ...rig.env, QUEUE_TOPIC: small }, ['submit', '-'], lines(jobs));
  expect(run.stderr).toContain(`HW_RECORD_TOO_LARGE: topic ${small} takes no record of`);
  expect(run.stderr).toContain(`Sent 60 jobs to ${small}, 1 request left out.`);
  const [range] = await rig.admin.fetchTopicOffsets(small);
  expect(Number(range?.high)).toBe(60);
  await rig.admin.deleteTopics({ topics: [small] });
});

test('without --wait the ids are printed, as watch takes them', async () => {
  const jobs = briefs(3, rig.name).map(({ id: _id, ...job }) => job);
  const sent = await headway(rig.env, ['submit', '-'], lines(jobs));
  expect(sent).toMatchObject({ code: 0, stderr: `Sent 3 jobs to ${rig.queue}.\n` });
  await Promise.all([rig.startBridge(), rig.startWorker()]);
  const watched = await headway(rig.env, ['watch', '-'], sent.stdout);
  expect(watched.code).toBe(0);
  await rig.resultsFor(sent.stdout.trim().split('\n'));
});

test('--wait tells of a job that the ledger left out how the one that has its id ended', async () => {
  const env = { ...rig.env, JOB_ID_DEDUPE: 'ledger' };
  await Promise.all([rig.startBridge({ JOB_ID_DEDUPE: 'ledger' }), rig.startWorker()]);
  const [good, bad] = [...briefs(1, `${rig.name}-good`), ...briefs(1, `${rig.name}-bad`, 'refusal')];
  const first = await headway(env, ['submit', '-', '--wait', '--json'], lines([good!, bad!]));
  expect(first.code).toBe(1);
  const again = await headway(
    env,
    ['submit', '-', '--wait', '--json', '--timeout', '90s'],
    lines([{ ...good, priority: 1 }, bad!, ...briefs(1, `${rig.name}-new`)]),
  );
  expect(again.stderr).toContain(`job ${good!.id} is a duplicate: an earlier job from record ${rig.queue}:`);
  expect(again.stderr).toContain(`job ${bad!.id} is a duplicate`);
  expect(again.stderr).not.toContain(`${rig.name}-new-0 is a duplicate`);
  expect(again.stderr).toContain(`Sent 3 jobs to ${rig.queue}; 2 completed, 1 ended otherwise.`);
  const ends = (run: { stdout: string }) =>
    run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as JobResult);
  // Where several shared a pack, what is told is the very result that was published.
  for (const { id } of [good!, bad!])
    expect(ends(again).find((one) => one.id === id)).toEqual(ends(first).find((one) => one.id === id));
  expect(rig.results.filter(({ key }) => key === good!.id)).toHaveLength(1);
});

test('--timeout gives up waiting, and the jobs go on', async () => {
  const jobs = briefs(2, rig.name);
  const run = await headway(rig.env, ['submit', '-', '--wait', '--timeout', '1s'], lines(jobs));
  expect(run).toMatchObject({ code: 1, stdout: `${rig.name}-0  not ended\n${rig.name}-1  not ended\n` });
  expect(run.stderr).toContain('2 jobs not ended yet; they go on.');
  await eventually('both are in the queue', async () => {
    const offsets = await rig.admin.fetchTopicOffsets(rig.queue);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0) === 2;
  });
});
