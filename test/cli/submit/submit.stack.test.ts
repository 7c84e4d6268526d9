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

test('--timeout gives up waiting, and the jobs go on', async () => {
  const jobs = briefs(2, rig.name);
  const run = await headway(rig.env, ['submit', '-', '--wait', '--timeout', '1s'], lines(jobs));
  expect(run).toMatchObject({ code: 1, stdout: '' });
  expect(run.stderr).toContain(`2 jobs not ended yet: ${rig.name}-0, ${rig.name}-1; they go on.`);
  await eventually('both are in the queue', async () => {
    const offsets = await rig.admin.fetchTopicOffsets(rig.queue);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0) === 2;
  });
});
