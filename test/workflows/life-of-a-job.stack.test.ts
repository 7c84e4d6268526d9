import { createJobs } from '../../bridge/jobs/create-jobs';
import type { JobRequest } from '../../contracts/job-request';
import { searchAttributes } from '../../contracts/search-attributes';
import { pipelineNamed } from '../../pipelines/registry';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { briefs, idsOf } from '../support/rig';
import { useRig } from '../support/use-rig';

/** What can end a job, or make it wait, besides its own stages. */
const rig = useRig();

const slow = 'latency=2000000';
const nobodyThere = 'postgresql://postgres@127.0.0.1:1/postgres';

function brief(name: string, directive?: string): JobRequest & { id: string } {
  const [job] = briefs(1, `${rig.name}-${name}`, directive);
  if (!job) throw new Error('no job');
  return job;
}

const from = (ms: number) => new Date(Date.now() + ms).toISOString();

function jobs() {
  const { HEADWAY_TASK_QUEUE: taskQueue = '', HEADWAY_LLM_TASK_QUEUE: llmTaskQueue = '' } = rig.env;
  return createJobs({ client: rig.client, taskQueue, llmTaskQueue, queueTopic: rig.queue, pipelineNamed })();
}

async function resultOf(id: string) {
  const records = (await rig.resultsFor([id])).get(id) ?? [];
  expect(records).toHaveLength(1);
  return records[0]!.result;
}

/** The job as it is now; visibility knows packs only a moment after they began. */
async function known(id: string) {
  let view: Awaited<ReturnType<ReturnType<typeof jobs>['get']>> | undefined;
  await eventually(`job ${id} can be found`, async () => {
    view = await jobs()
      .get(id)
      .catch(() => undefined);
    return view !== undefined;
  });
  return view!;
}

async function ended(workflowId: string) {
  await eventually('the workflow has ended', async () => {
    const { status } = await rig.client.workflow.getHandle(workflowId).describe();
    return status.name === 'COMPLETED' || status.name;
  });
}

test('a job ends as expired when its deadline passes, and the others of its pack go on', async () => {
  await rig.startWorker();
  await rig.startBridge();
  const deadline = from(4_000);
  const fine = brief('fine');
  const [inCall, limited] = [
    { ...brief('in-call', slow), deadline },
    { ...brief('limited', 'rate_limit retry_after=3000000'), deadline },
  ];
  await rig.produce([fine, inCall, limited], 0);
  for (const { id } of [inCall, limited]) {
    expect(await resultOf(id)).toMatchObject({ status: 'expired', error: { type: 'HW_DEADLINE_EXCEEDED' } });
  }
  const { status, workflow } = await resultOf(fine.id);
  expect(status).toBe('completed');
  await eventually('the call is stopped', async () => (await rig.llmCallsStopped(inCall.id)) === 1);
  await ended(workflow.id);
  await recordHistory(rig.client, workflow.id, 'pack-with-deadlines');
});

test('a job expires also while its enrichment waits for a database that is away', async () => {
  const worker = await rig.startWorker({ DATABASE_URL: nobodyThere });
  await rig.startBridge();
  const late = { ...brief('waits'), deadline: from(4_000) };
  const patient = brief('patient');
  await jobs().submit(late);
  await rig.produce([patient], 0);
  const result = await resultOf(late.id);
  expect(result).toMatchObject({
    status: 'expired',
    error: { stage: 'enrich', type: 'HW_DEADLINE_EXCEEDED' },
  });
  await ended(late.id);
  expect(await jobs().get(late.id)).toMatchObject({ status: 'expired', result });

  // What holds the other one up can be seen, and it goes on by itself.
  await eventually('attempts are visible', async () => {
    const { stage, attempts = 0, lastError, nextAttemptAt } = await known(patient.id);
    return (
      (stage === 'enrich' && attempts > 1 && lastError && nextAttemptAt !== undefined) ||
      `attempt ${attempts}`
    );
  });
  await worker.kill('SIGTERM');
  await rig.startWorker();
  expect(await resultOf(patient.id)).toMatchObject({ status: 'completed' });
});

test('a job is not begun before its time, and holds up no other meanwhile', async () => {
  await rig.startWorker();
  await rig.startBridge();
  const notBefore = from(8_000);
  const [now, later] = [brief('now'), { ...brief('later'), notBefore }];
  await rig.produce([later, now], 0);
  await resultOf(now.id);
  expect(await known(later.id)).toMatchObject({ status: 'queued', notBefore });
  expect(await rig.llmCalls(later.id)).toBe(0);
  const { timings, workflow } = await resultOf(later.id);
  expect(Date.parse(timings.completedAt)).toBeGreaterThan(Date.parse(notBefore));
  await ended(workflow.id);
  await recordHistory(rig.client, workflow.id, 'pack-with-a-delay');
});

test('a job that waits for its time can be cancelled, and nothing waits for it any more', async () => {
  const later = { ...brief('never'), notBefore: from(3_600_000) };
  await rig.startWorker();
  await jobs().submit(later);
  const { typedSearchAttributes } = await rig.client.workflow.getHandle(later.id).describe();
  expect(typedSearchAttributes.get(searchAttributes.status)).toBe('scheduled');
  await jobs().cancel(later.id);
  expect(await resultOf(later.id)).toMatchObject({ status: 'cancelled', usage: { llmCalls: 0 } });
  await ended(later.id);
  await recordHistory(rig.client, later.id, 'pack-cancelled-before-its-time');
});

test('a single job is cancelled during its call, and the call is stopped, though only its activity knows of it', async () => {
  const job = brief('single', slow);
  await rig.startWorker();
  await jobs().submit(job);
  await eventually('the call is made', async () => (await rig.llmCalls(job.id)) === 1);
  expect(await jobs().cancel(job.id)).toMatchObject({ status: 'cancelled' });
  expect(await resultOf(job.id)).toMatchObject({ status: 'cancelled' });
  await ended(job.id);
  await eventually('the call is stopped', async () => (await rig.llmCallsStopped(job.id)) === 1);
  await recordHistory(rig.client, job.id, 'pack-of-one-cancelled-during-its-call');
});

test('the call of a single job is stopped also when its workflow is ended from outside', async () => {
  const [cancelled, terminated] = [brief('cancelled', slow), brief('terminated', slow)];
  await rig.startWorker();
  for (const job of [cancelled, terminated]) await jobs().submit(job);
  const { workflow } = rig.client;
  for (const { id } of [cancelled, terminated]) {
    await eventually(`the call of ${id} is made`, async () => (await rig.llmCalls(id)) === 1);
  }
  await workflow.getHandle(cancelled.id).cancel();
  await workflow.getHandle(terminated.id).terminate();
  expect(await resultOf(cancelled.id)).toMatchObject({ status: 'cancelled' });
  for (const { id } of [cancelled, terminated]) {
    await eventually(`the call of ${id} is stopped`, async () => (await rig.llmCallsStopped(id)) === 1);
  }
});

test('a job on its own is cancelled as one in a pack, and its call is stopped', async () => {
  const job = brief('mended', 'malformed times=1; latency=500000');
  await rig.produce([job, brief('beside')], 0);
  await rig.startWorker();
  await rig.startBridge();
  await eventually(
    'its answer is mended, in a workflow of its own',
    async () => (await rig.llmCalls(job.id)) === 2,
  );
  expect(await jobs().cancel(job.id)).toMatchObject({ status: 'cancelled', workflow: { id: job.id } });
  expect(await resultOf(job.id)).toMatchObject({ status: 'cancelled', usage: { llmCalls: 1 } });
  await eventually('the call is stopped', async () => (await rig.llmCallsStopped(job.id)) === 1);
  await ended(job.id);
  await recordHistory(rig.client, job.id, 'job-cancelled');
});

test('a cancelled job has one result, also when the worker dies right after', async () => {
  const pack = [...briefs(3, `${rig.name}-killed`, slow)];
  const [first] = pack;
  if (!first) throw new Error('no job');
  await rig.produce(pack, 0);
  const worker = await rig.startWorker();
  await rig.startBridge();
  await eventually('the calls are made', async () => (await rig.llmCalls(first.id)) === 1);
  await known(first.id);
  await jobs().cancel(first.id);
  await worker.kill('SIGKILL');
  await rig.startWorker();
  expect(await resultOf(first.id)).toMatchObject({ status: 'cancelled' });
  await eventually('its call is stopped', async () => (await rig.llmCallsStopped(first.id)) === 1);
  for (const { id } of pack.slice(1)) await jobs().cancel(id);
  for (const { id } of pack) {
    await eventually(`the call of ${id} is stopped`, async () => (await rig.llmCallsStopped(id)) === 1);
  }
  const results = await rig.resultsFor(idsOf(pack));
  for (const records of results.values()) expect(new Set(records.map(({ bytes }) => bytes)).size).toBe(1);
});
