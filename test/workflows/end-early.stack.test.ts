import type { CancelAnswer, CancelQuestion, JobState } from '../../contracts/job-state';
import { CANCEL_JOB_UPDATE, JOBS_QUERY } from '../../contracts/job-state';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { RetryInput } from '../../contracts/retry';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import { eventually } from '../support/eventually';
import { enrichAll, createStubWorkers, type StubWorkers } from './stub-workers';

/** Nobody works on LLM calls here, so that a job which has got so far ends only if something else ends it. */
let stub: StubWorkers;

beforeEach(async () => {
  stub = await createStubWorkers();
  await stub.startWorkflows({
    enrichJobs: enrichAll,
    enrichJob: () => Promise.resolve({ prompt: { instructions: '', input: '' }, enrichment: {} }),
  });
});

afterEach(() => stub.close());

const policy = policySchema.parse({});
const source = { door: 'http', timestamp: 0 } as const;
const from = (ms: number) => new Date(Date.now() + ms).toISOString();

function startPack(jobs: Partial<PackInput['jobs'][number]>[]) {
  const input: PackInput = {
    jobs: jobs.map((job, index) => ({
      ...{ id: `${stub.taskQueue}-${index}`, pipeline: 'p', input: {}, source },
      ...job,
    })),
    policies: { p: policy },
    llmTaskQueue: stub.llmTaskQueue,
  };
  return stub.client.workflow.start(PROCESS_PACK, {
    workflowId: stub.taskQueue,
    taskQueue: stub.taskQueue,
    args: [input],
  });
}

type Handle = Awaited<ReturnType<typeof startPack>>;

async function states(handle: Handle): Promise<JobState[]> {
  return await handle.query<JobState[]>(JOBS_QUERY);
}

function cancel(handle: Handle, index: number): Promise<CancelAnswer> {
  return handle.executeUpdate(CANCEL_JOB_UPDATE, { args: [`${stub.taskQueue}-${index}`] });
}

test('a deadline ends a job whose call nobody makes, and not those beside it', async () => {
  const handle = await startPack([{ deadline: from(2_000) }, {}]);
  await eventually('a result', () => stub.published.length === 1);
  expect(stub.published).toMatchObject([
    {
      id: `${stub.taskQueue}-0`,
      status: 'expired',
      error: { stage: 'call-llm', type: 'HW_DEADLINE_EXCEEDED' },
    },
  ]);
  expect((await states(handle)).map(({ status }) => status)).toEqual(['expired', 'running']);
  await handle.terminate();
});

test('a deadline ends a job that runs by itself', async () => {
  const job = { id: stub.taskQueue, pipeline: 'p', input: {}, source, deadline: from(2_000) };
  const run = { number: 2, replaces: { id: 'before', runId: 'before' } };
  const input: RetryInput = { job, run, policy, llmTaskQueue: stub.llmTaskQueue };
  const handle = await stub.client.workflow.start(PROCESS_JOB, {
    workflowId: stub.taskQueue,
    taskQueue: stub.taskQueue,
    args: [input],
  });
  expect(await handle.result()).toMatchObject({ result: { status: 'expired', run } });
  expect(stub.published).toHaveLength(1);
});

test('jobs are cancelled one by one, once each, and a pack ends with its last job', async () => {
  const handle = await startPack([{}, { notBefore: from(25_000) }, {}]);
  await eventually(
    'the first one is on its way',
    async () => (await states(handle))[0]?.stage === 'call-llm',
  );
  expect(await cancel(handle, 1)).toEqual({ outcome: 'cancelled' });
  expect(await cancel(handle, 1)).toEqual({ outcome: 'cancelled' });
  expect(await cancel(handle, 7)).toEqual({ outcome: 'unknown' });
  expect((await states(handle)).map(({ status }) => status)).toEqual(['running', 'cancelled', 'running']);
  await eventually('the result of the second one', () => stub.published.length === 1);
  for (const index of [0, 2]) expect(await cancel(handle, index)).toEqual({ outcome: 'cancelled' });
  // A call that is being made is not left alone: whoever makes it tells its handle, and then it is stopped.
  await stub.startLlm({
    startLlmCalls: ({ calls }) =>
      Promise.resolve({
        outcomes: [],
        handles: calls.map(({ index, jobId, pipeline }) => ({
          ...{ index, jobId, pipeline, callId: `made-late-${index}`, startedAt: 0, timeoutAt: 0 },
        })),
      }),
    cancelLlmCalls: ({ handles }) => {
      stopped.push(...handles.map(({ callId }) => callId));
      return Promise.resolve();
    },
  });
  const stopped: string[] = [];
  expect(await (handle.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 3 });
  expect(stopped).toEqual(['made-late-0', 'made-late-2']);
  expect(stub.published.map(({ id, status }) => [id, status])).toEqual([
    [`${stub.taskQueue}-1`, 'cancelled'],
    [`${stub.taskQueue}-0`, 'cancelled'],
    [`${stub.taskQueue}-2`, 'cancelled'],
  ]);
});

test('a single job that is cancelled before anybody makes its call ends at once', async () => {
  const handle = await startPack([{}]);
  await eventually('it is on its way', async () => (await states(handle))[0]?.stage === 'call-llm');
  expect(await cancel(handle, 0)).toEqual({ outcome: 'cancelled' });
  expect(await (handle.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 1 });
  expect(stub.published).toMatchObject([{ status: 'cancelled' }]);
});

test('a cancel that nobody waits for any more is refused, in a pack as in a job by itself', async () => {
  const pack = await startPack([{}, {}]);
  const job = { id: `${stub.taskQueue}-alone`, pipeline: 'p', input: {}, source };
  const run = { number: 2, replaces: { id: 'before', runId: 'before' } };
  const input: RetryInput = { job, run, policy, llmTaskQueue: stub.llmTaskQueue };
  const alone = await stub.client.workflow.start(PROCESS_JOB, {
    workflowId: job.id,
    taskQueue: stub.taskQueue,
    args: [input],
  });
  for (const [handle, id] of [[pack, `${stub.taskQueue}-0`] as const, [alone, job.id] as const]) {
    const ask = (wantedUntil: number) =>
      handle.executeUpdate<CancelAnswer, CancelQuestion>(CANCEL_JOB_UPDATE, {
        args: [id, undefined, wantedUntil],
      });
    await expect(ask(Date.now() - 60_000)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('it was wanted until') as string },
    });
    expect(await handle.query<JobState[]>(JOBS_QUERY)).toMatchObject([
      { status: 'running' },
      ...(handle === pack ? [{ status: 'running' }] : []),
    ]);
    expect(await ask(Date.now() + 60_000)).toEqual({ outcome: 'cancelled' });
    await handle.terminate();
  }
});
