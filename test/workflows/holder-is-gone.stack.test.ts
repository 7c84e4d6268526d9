import type { PackInput } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmCall, LlmHandle } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, enrichAll, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

const source = { door: 'http', timestamp: 0 } as const;
const usage = { inputTokens: 1, outputTokens: 1, webSearches: 0, llmCalls: 1, costNanoUsd: 2 };
const FIRST_WAIT_MS = 1_500;

test('calls of a worker that is gone are made again after a wait, and count with what they may have cost', async () => {
  const id = stub.taskQueue;
  const rounds: { at: number; calls: LlmCall[] }[] = [];
  const settled: LlmHandle[] = [];
  await stub.startWorkflows({
    enrichJobs: enrichAll,
    postProcess: ({ items }) =>
      Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) }),
  });
  await stub.startLlm({
    startLlmCalls({ calls }) {
      rounds.push({ at: Date.now(), calls });
      const times = { startedAt: Date.now(), endedAt: Date.now() };
      if (rounds.length === 1)
        return Promise.resolve({
          outcomes: [],
          handles: calls.map(({ index, jobId, pipeline }) => ({
            ...{ index, jobId, pipeline, callId: `call-${index}`, ...times, timeoutAt: 0, heldOpen: true },
            // Of the first, for all workers.
            held: { nanoUsd: 5 + index, ...(index === 0 && { id: 'set-aside' }) },
          })),
          heldBy: `${id}-nobody`,
        });
      return Promise.resolve({
        handles: [],
        outcomes: calls.map(({ index }) => ({
          ...{ index, ...times, usage },
          ...{ kind: 'answer', answer: {}, citations: [], model: 'm' },
        })),
      });
    },
    cancelLlmCalls({ handles }) {
      settled.push(...handles);
      return Promise.resolve();
    },
  });
  const job = (place: number) => ({ id: `${id}-${place}`, pipeline: 'p', input: {}, source, maxCostUsd: 1 });
  const input: PackInput = {
    jobs: [job(0), job(1)],
    policies: { p: policySchema.parse({ llm: { backoffMs: FIRST_WAIT_MS } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  const started = Date.now();
  await stub.client.workflow.execute(PROCESS_PACK, {
    ...{ workflowId: id, taskQueue: stub.taskQueue, args: [input] },
  });
  await recordHistory(stub.client, id, 'pack-whose-holder-is-gone');

  expect(rounds).toHaveLength(2);
  expect(rounds[1]!.calls.map(({ attempt, account }) => [attempt, account?.spentNanoUsd])).toEqual([
    [2, 5],
    [2, 6],
  ]);
  // Ten seconds in the queue of the worker, then the wait.
  expect(rounds[1]!.at - started).toBeGreaterThan(10_000 + FIRST_WAIT_MS);
  expect(settled).toMatchObject([{ held: { id: 'set-aside' } }]);
  expect(stub.published).toMatchObject([{ status: 'completed' }, { status: 'completed' }]);
  for (const { usage: used } of stub.published) {
    expect(used).toMatchObject({ llmCalls: 2, inputTokens: 1 });
    expect(used).not.toHaveProperty('costNanoUsd');
  }
});

test('calls whose worker is gone each time end with their jobs when that has lasted for giveUpAfterMs', async () => {
  const id = stub.taskQueue;
  await stub.startWorkflows({ enrichJobs: enrichAll });
  await stub.startLlm({
    startLlmCalls: ({ calls }) =>
      Promise.resolve({
        outcomes: [],
        handles: calls.map(({ index, jobId, pipeline }) => ({
          ...{ index, jobId, pipeline, callId: 'call', startedAt: 0, timeoutAt: 0, heldOpen: true },
        })),
        heldBy: `${id}-nobody`,
      }),
  });
  const input: PackInput = {
    jobs: [0, 1].map((place) => ({ id: `${id}-${place}`, pipeline: 'p', input: {}, source })),
    policies: { p: policySchema.parse({ giveUpAfterMs: 5_000 }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  await stub.client.workflow.execute(PROCESS_PACK, {
    ...{ workflowId: id, taskQueue: stub.taskQueue, args: [input] },
  });
  const error = { type: 'HW_LLM_UNAVAILABLE', message: 'the worker that held the call open is gone' };
  const failed = { status: 'failed', error: { ...error, attempts: 2 }, usage: { llmCalls: 2 } };
  expect(stub.published).toMatchObject([failed, failed]);
}, 60_000);
