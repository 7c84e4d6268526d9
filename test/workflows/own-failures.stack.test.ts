import type { PackInput } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmOutcome } from '../../contracts/stages';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import type { JobInput } from '../../workflows/job-progress';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, enrichAll, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

const source = { door: 'http', timestamp: 0 } as const;
const usage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 };
const paid = { ...usage, llmCalls: 1 };
const MINUTE = 60_000;
/** Trouble of a job has to last for four minutes, of which the workflows here wait none: they believe the times of the outcomes. */
const policy = policySchema.parse({ llm: { attempts: 2, backoffMs: 1, maxBackoffMs: 0.8 * MINUTE } });

/** Fails at one of these times after the other, and from then on at the last. */
function failures(minutes: number[], used = usage) {
  let calls = 0;
  return (index = 0): LlmOutcome => {
    const endedAt = minutes[Math.min(calls++, minutes.length - 1)]! * MINUTE;
    const message = `failed ${calls} times`;
    return {
      ...{ index, startedAt: endedAt, endedAt, usage: used },
      ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message },
    };
  };
}

test('a job on its own outlasts some minutes of trouble that may be the provider, and fails of what goes on', async () => {
  const fail = failures([0, 1, 2, 4]);
  await stub.startWorkflows({});
  await stub.startLlm({ callLlm: () => Promise.resolve(fail()) });
  const id = stub.taskQueue;
  const input: JobInput = {
    progress: {
      job: { id, pipeline: 'p', input: {}, source },
      ...{ stage: 'call-llm', status: 'running', startedAt: 0, prompt: { instructions: '', input: '' } },
      ...{ llmAttempts: 0, repairs: 0, ownFailures: 0, usage, llmMs: 0 },
    },
    policy,
    llmTaskQueue: stub.llmTaskQueue,
  };
  const handle = await stub.client.workflow.start(PROCESS_JOB, {
    ...{ workflowId: id, taskQueue: stub.taskQueue, args: [input] },
  });
  await handle.result().catch(() => undefined);
  expect(stub.published).toMatchObject([
    { status: 'failed', error: { type: 'HW_LLM_UNAVAILABLE', message: 'failed 4 times', attempts: 4 } },
  ]);
  await recordHistory(stub.client, id, 'job-outlasts-trouble');
});

test('a job alone in its pack fails when its calls were paid for as often as its pipeline allows, and brought nothing', async () => {
  const fail = failures([0, 5], paid);
  await stub.startWorkflows({ enrichJobs: enrichAll });
  await stub.startLlm({
    startLlmCalls: ({ calls }) =>
      Promise.resolve({ handles: [], outcomes: calls.map(({ index }) => fail(index)) }),
  });
  const id = stub.taskQueue;
  const input: PackInput = {
    jobs: [{ id, pipeline: 'p', input: {}, source }],
    policies: { p: policy },
    llmTaskQueue: stub.llmTaskQueue,
  };
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: id, taskQueue: stub.taskQueue, args: [input] },
  });
  await pack.result().catch(() => undefined);
  expect(stub.published).toMatchObject([
    {
      status: 'failed',
      error: { type: 'HW_LLM_UNAVAILABLE', message: 'failed 2 times', attempts: 2 },
      usage: { llmCalls: 2 },
    },
  ]);
  await recordHistory(stub.client, id, 'pack-of-one-paid-failures');
});
