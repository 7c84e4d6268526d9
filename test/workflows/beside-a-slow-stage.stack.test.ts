import { setTimeout as delay } from 'node:timers/promises';
import type { Activities } from '../../activities';
import { CANCEL_JOB_UPDATE, JOBS_QUERY, type CancelAnswer, type JobState } from '../../contracts/job-state';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { replayHistories } from '../../workers/replay/replay-histories';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { beginAllCalls, enrichAll, createStubWorkers, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
let answer: () => void = () => {};

beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(async () => {
  answer();
  await stub.close();
});

const source = { door: 'http', timestamp: 0 } as const;
const postProcess: Activities['postProcess'] = ({ items }) =>
  Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) });

test('a job that is cancelled while a stage of another one takes several workflow tasks leaves a history that replays', async () => {
  const handle = stub.client.workflow.getHandle(stub.taskQueue);
  const answered = new Promise<void>((resolve) => (answer = resolve));
  let isSlow = false;
  const enrichJobs: Activities['enrichJobs'] = async (request) => {
    if (request.jobs[0]?.index === 1) {
      isSlow = true;
      await eventually('the timer of the cancel has fired', async () => {
        const { events = [] } = await handle.fetchHistory();
        const accepted = events?.findIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes);
        return accepted! > 0 && events!.slice(accepted).some((event) => event.timerFiredEventAttributes);
      });
      // The workflow is told so while this goes on.
      await delay(500);
    }
    return await enrichAll(request);
  };
  await stub.startWorkflows({ enrichJobs, postProcess });
  const stopped: number[] = [];
  await stub.startLlm({
    startLlmCalls: beginAllCalls,
    async awaitLlmCalls({ handles }) {
      if (handles[0]?.index === 0) await answered;
      return {
        outcomes: handles.map(({ index }) => ({
          ...{ index, startedAt: 1, endedAt: 2, model: 'm', kind: 'answer', answer: {}, citations: [] },
          usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
        })),
      };
    },
    cancelLlmCalls: ({ handles }) => {
      stopped.push(...handles.map(({ index }) => index));
      return Promise.resolve();
    },
  });
  const ids = [0, 1].map((index) => `${stub.taskQueue}-${index}`);
  const notBefore = new Date(Date.now() + 8_000).toISOString();
  const input: PackInput = {
    jobs: ids.map((id, index) => ({
      ...{ id, pipeline: 'p', input: {}, source },
      ...(index === 1 && { notBefore }),
    })),
    policies: { p: policySchema.parse({ enrich: { timeoutMs: 60_000 } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  await eventually('the first job waits for the LLM', async () => {
    const [first] = await handle.query<JobState[]>(JOBS_QUERY);
    return first?.stage === 'call-llm';
  });
  await eventually('the second one is in enrich', () => isSlow);
  const cancelled = await handle.executeUpdate<CancelAnswer, [string]>(CANCEL_JOB_UPDATE, {
    args: [ids[0] as string],
  });
  expect(cancelled).toEqual({ outcome: 'cancelled' });
  await eventually('its call is stopped', () => stopped.length > 0);
  answer();
  expect(await (handle.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 1, completed: 1 });
  const history = await handle.fetchHistory();
  for await (const { problem } of replayHistories([{ name: 'pack', history }], {}))
    expect(problem).toBeUndefined();
  await recordHistory(stub.client, stub.taskQueue, 'cancelled-beside-a-slow-stage');
});
