import { ApplicationFailure } from '@temporalio/common';
import type { z } from 'zod';
import type { Activities } from '../../activities';
import { withAttempt } from '../../activities/with-attempt';
import { policySchema } from '../../contracts/policy';
import { searchAttributes } from '../../contracts/search-attributes';
import type { PublishRequest } from '../../contracts/stages';
import { PROCESS_JOB } from '../../contracts/workflow-names';
import { readPayload } from '../../runtime/payload-store/read-payload';
import type { JobInput, JobProgress } from '../../workflows/job-progress';
import { createStubWorkers, type StubWorkers } from './stub-workers';

const MB = 1_000_000;

let stub: StubWorkers;

beforeEach(async () => {
  stub = await createStubWorkers();
});

afterEach(() => stub.close());

const source = { door: 'http', timestamp: 0 } as const;

/** A job that has its answer. */
function answered(id: string, parts: Partial<JobProgress> = {}): JobProgress {
  return {
    job: { id, pipeline: 'p', input: {}, source },
    stage: 'post-process',
    status: 'running',
    startedAt: 0,
    answer: { kind: 'answer', answer: {}, citations: [], model: 'm' },
    answeredAt: 1,
    llmAttempts: 1,
    repairs: 0,
    ownFailures: 0,
    usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
    llmMs: 0,
    ...parts,
  };
}

function start(progress: JobProgress, policy: z.input<typeof policySchema> = {}) {
  const { id } = progress.job;
  const input: JobInput = { progress, policy: policySchema.parse(policy), llmTaskQueue: stub.llmTaskQueue };
  return stub.client.workflow.start(PROCESS_JOB, {
    workflowId: id,
    taskQueue: stub.taskQueue,
    args: [input],
    memo: { kept: true },
    searchAttributes: { [searchAttributes.jobIds.name]: [id] },
    workflowTaskTimeout: '60s',
  });
}

const away = (details: unknown[] = []) =>
  Promise.reject(ApplicationFailure.create({ message: 'database away', type: 'HW_UNAVAILABLE', details }));

test('a large job that waits for a system goes on in a new run before its history is full', async () => {
  let calls = 0;
  await stub.startWorkflows({
    // The failures are large as well, so that three rounds fill the history.
    postProcessJob: () => (++calls < 4 ? away(['x'.repeat(1.9 * MB)]) : Promise.resolve('at last')),
  });
  const handle = await start(answered(stub.taskQueue, { enrichment: 'x'.repeat(1.9 * MB) }));
  await handle.result();

  expect(calls).toBe(4);
  expect(stub.published).toMatchObject([{ status: 'completed', output: 'at last' }]);
  const first = stub.client.workflow.getHandle(handle.workflowId, handle.firstExecutionRunId);
  expect((await first.describe()).status.name).toBe('CONTINUED_AS_NEW');
  expect((await first.describe()).historySize).toBeLessThan(16 * MB);
  const last = await stub.client.workflow.getHandle(handle.workflowId).describe();
  expect(last.status.name).toBe('COMPLETED');
  expect(last.memo).toEqual({ kept: true });
  expect(last.searchAttributes[searchAttributes.jobIds.name]).toEqual([handle.workflowId]);
  expect(Number(last.raw.executionConfig?.defaultWorkflowTaskTimeout?.seconds)).toBe(60);

  const { events } = await stub.client.workflow.getHandle(handle.workflowId).fetchHistory();
  const [payload] = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  if (!payload) throw new Error('no input');
  const { progress } = await readPayload<JobInput>(stub.client, payload);
  expect(progress.away?.attempts).toBe(3);
  expect(Date.now() - Number(progress.away?.since)).toBeLessThan(60_000);
});

test('a wait that went on in a new run ends when it would have ended in the old one', async () => {
  let calls = 0;
  await stub.startWorkflows({
    postProcessJob: () => {
      calls += 1;
      return away();
    },
  });
  const anHour = 3_600_000;
  const progress = answered(stub.taskQueue, { away: { since: Date.now() - anHour - 1, attempts: 20 } });
  await expect((await start(progress, { giveUpAfterMs: anHour })).result()).rejects.toThrow();
  expect(calls).toBe(1);
  expect(stub.published).toMatchObject([
    { status: 'failed', error: { stage: 'post-process', type: 'HW_POST_PROCESS_FAILED', attempts: 21 } },
  ]);
});

const thrown = (type: string, nonRetryable: boolean) => () =>
  Promise.reject(ApplicationFailure.create({ message: 'sorry', type, nonRetryable }));

test.each<[string, Partial<Activities>, object]>([
  [
    'expires when its deadline passed before enrichment',
    { enrichJob: withAttempt(thrown('HW_DEADLINE_EXCEEDED', true)) },
    { status: 'expired', error: { stage: 'enrich', type: 'HW_DEADLINE_EXCEEDED', attempts: 1 } },
  ],
  [
    'says that its enrichment is too large',
    { enrichJob: withAttempt(thrown('HW_ENRICH_TOO_LARGE', true)) },
    { status: 'failed', error: { stage: 'enrich', type: 'HW_ENRICH_TOO_LARGE', attempts: 1 } },
  ],
  [
    'says how often it was tried',
    { enrichJob: withAttempt(thrown('HW_ENRICH_FAILED', false)) },
    { status: 'failed', error: { stage: 'enrich', type: 'HW_ENRICH_FAILED', attempts: 2 } },
  ],
])('a job on its own %s', async (_, activities, expected) => {
  await stub.startWorkflows(activities);
  const handle = await start(answered(stub.taskQueue, { stage: 'enrich' }), { enrich: { attempts: 2 } });
  await handle.result().catch(() => undefined);
  expect(stub.published).toMatchObject([expected]);
});

test('a result that its topic refuses stands once in the history of its job, however often it is tried', async () => {
  const asked: PublishRequest[] = [];
  const refuse = { message: 'the topic refuses it', type: 'HW_RESULT_TOO_LARGE', nextRetryDelay: 10 };
  await stub.startWorkflows({
    postProcessJob: () => Promise.resolve({ output: 'x'.repeat(100_000) }),
    publishResults(request) {
      asked.push(request);
      if (asked.length > 3) return Promise.resolve({ tooLarge: [] });
      if (request.allOrError) throw ApplicationFailure.create(refuse);
      return Promise.resolve({ tooLarge: [0] });
    },
  });
  const handle = await start(answered(stub.taskQueue));
  expect(await handle.result()).toMatchObject({ result: { status: 'completed' } });
  expect(asked).toHaveLength(4);
  const { events } = await handle.fetchHistory();
  const published = events?.filter(
    (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'publishResults',
  );
  expect(published).toHaveLength(1);
});
