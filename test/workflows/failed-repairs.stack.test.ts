import type { PackInput } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmCall, LlmOutcome } from '../../contracts/stages';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import type { JobInput } from '../../workflows/job-progress';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, enrichAll, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
let input: JobInput;
beforeEach(async () => {
  stub = await createStubWorkers();
  input = {
    progress: {
      job: { id: `${stub.taskQueue}-job`, pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } },
      ...{ stage: 'call-llm', status: 'running', startedAt: 0, prompt: { instructions: '', input: '' } },
      ...{ llmAttempts: 0, repairs: 0, ownFailures: 0, usage: { ...usage, llmCalls: 0 }, llmMs: 0 },
    },
    policy: policySchema.parse({ llm: { repairAttempts: 2, backoffMs: 1 } }),
    llmTaskQueue: stub.llmTaskQueue,
  };
});
afterEach(() => stub.close());

const usage = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 };
const bad = (number: number) => ({
  ...{ kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER', message: 'answer: is empty', answer: `bad ${number}` },
});
const failed = { kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message: '500' };
const answer = { kind: 'answer', answer: {}, citations: [], model: 'm' };

/** Gives these outcomes one after the other, and tells what each call was to mend. */
async function answerWith(...outcomes: object[]) {
  const mended: (string | undefined)[] = [];
  const next = ({ index, repair }: LlmCall) => {
    const outcome = outcomes[mended.length] ?? answer;
    mended.push(repair?.answer);
    return { index, startedAt: 0, endedAt: 1, usage, ...outcome } as LlmOutcome;
  };
  await stub.startWorkflows({ enrichJobs: enrichAll, postProcessJob: () => Promise.resolve({}) });
  await stub.startLlm({
    startLlmCalls: ({ calls }) => Promise.resolve({ handles: [], outcomes: calls.map(next) }),
    callLlm: (call) => Promise.resolve(next(call)),
  });
  return mended;
}

test('a repair whose call fails is made again on its own, and leaves as many repairs as before', async () => {
  const mended = await answerWith(bad(1), failed, bad(2), failed, answer);
  const workflowId = input.progress.job.id;
  const handle = await stub.client.workflow.start(PROCESS_JOB, {
    ...{ workflowId, taskQueue: stub.taskQueue, args: [input] },
  });
  await handle.result().catch(() => undefined);
  await recordHistory(stub.client, workflowId, 'job-with-failed-repairs');
  expect(mended).toEqual([undefined, 'bad 1', 'bad 1', 'bad 2', 'bad 2']);
  expect(stub.published).toMatchObject([{ status: 'completed', usage: { llmCalls: 5 } }]);
});

test('a job fails when it has had its repairs, however many calls of them failed', async () => {
  const mended = await answerWith(bad(1), failed, bad(2), failed, bad(3));
  const handle = await stub.client.workflow.start(PROCESS_JOB, {
    ...{ workflowId: input.progress.job.id, taskQueue: stub.taskQueue, args: [input] },
  });
  await handle.result().catch(() => undefined);
  expect(mended).toEqual([undefined, 'bad 1', 'bad 1', 'bad 2', 'bad 2']);
  expect(stub.published).toMatchObject([{ status: 'failed', error: { type: 'HW_LLM_BAD_ANSWER' } }]);
});

test('so it is for a job that leaves its pack with a bad answer', async () => {
  const mended = await answerWith(bad(1), failed, bad(2), answer);
  const { job } = input.progress;
  const pack: PackInput = {
    ...{ jobs: [job], policies: { p: input.policy }, llmTaskQueue: stub.llmTaskQueue },
  };
  await stub.client.workflow.execute(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [pack] },
  });
  await stub.client.workflow
    .getHandle(job.id)
    .result()
    .catch(() => undefined);
  expect(mended).toEqual([undefined, 'bad 1', 'bad 1', 'bad 2']);
  expect(stub.published).toMatchObject([{ status: 'completed', usage: { llmCalls: 4 } }]);
});
