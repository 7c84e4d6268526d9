import type { Activities } from '../../activities';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmCall, LlmHandle, LlmOutcome, PublishItem } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

const source = { door: 'http', timestamp: 0 } as const;
const prompt = { instructions: '', input: '' };
const policies = { p: policySchema.parse({ postProcess: { deterministic: true } }) };

const enrichJobs: Activities['enrichJobs'] = ({ jobs }) =>
  Promise.resolve({
    outcomes: jobs.map(({ index }) => ({ index, kind: 'enriched', enrichment: {}, prompt })),
  });
const postProcess: Activities['postProcess'] = ({ items }) =>
  Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) });
const handlesOf = (calls: LlmCall[]): LlmHandle[] =>
  calls.map(({ index, jobId, pipeline }) => ({
    ...{ index, jobId, pipeline, callId: 'call', startedAt: 0, timeoutAt: 0 },
  }));
const answerOf = (index: number): LlmOutcome => ({
  ...{ index, ...timed },
  ...{ kind: 'answer', answer: {}, citations: [], model: 'm' },
});

async function resultOf(jobs: { id: string; deadline?: string }[]): Promise<PackSummary> {
  const input: PackInput = {
    jobs: jobs.map((job) => ({ ...job, pipeline: 'p', input: {}, source })),
    policies,
    llmTaskQueue: stub.llmTaskQueue,
  };
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  return (await pack.result()) as PackSummary;
}

const timed = {
  ...{ startedAt: 1, endedAt: 2 },
  usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
};

test('a job that left and ends just when its pack does makes the pack publish nothing twice', async () => {
  const idOf = (index: number) => `${stub.taskQueue}-${index}`;
  const handleOf = (workflowId: string) => stub.client.workflow.getHandle(workflowId);
  let publishes: () => void = () => {};
  const packPublishes = new Promise<void>((resolve) => (publishes = resolve));
  const published: string[] = [];

  await stub.startWorkflows({
    enrichJobs,
    postProcess,
    async publishResults({ items }: { items: PublishItem[] }) {
      const ids = items.map(({ result }) => result.id);
      published.push(...ids);
      // The job that left ends in this very workflow task of the pack, and the pack has been told.
      if (ids.includes(idOf(0))) await packPublishes;
      else {
        publishes();
        await eventually('the pack was told', async () => {
          const { raw } = await handleOf(stub.taskQueue).describe();
          return raw.pendingChildren?.length === 0;
        });
      }
      return { tooLarge: [] };
    },
  });
  await stub.startLlm({
    // The first one needs care, and leaves.
    startLlmCalls: ({ calls }) =>
      Promise.resolve({
        outcomes: [
          {
            ...{ index: 0, ...timed },
            kind: 'bad-answer',
            code: 'HW_LLM_BAD_ANSWER',
            message: 'no',
            answer: '',
          },
        ],
        handles: handlesOf(calls.filter(({ index }) => index === 1)),
      }),
    callLlm: ({ index }) =>
      Promise.resolve({ ...{ index, ...timed }, kind: 'final', code: 'HW_LLM_REFUSED', message: 'no' }),
    // The second one has its answer when the first is about to end.
    async awaitLlmCalls() {
      await eventually('the job that left is about to end', () => published.includes(idOf(0)));
      return { outcomes: [answerOf(1)] };
    },
  });
  const summary = await resultOf([{ id: idOf(0) }, { id: idOf(1) }]);
  expect(summary).toMatchObject({ completed: 1, left: 1 });
  expect(published).toEqual([idOf(0), idOf(1)]);
  await recordHistory(stub.client, stub.taskQueue, 'pack-ends-with-one-that-left');
});

test('a deadline that passes while its job is being published, and its pack about to end, gives it no second end', async () => {
  let deadline = Infinity;
  const published: string[] = [];
  await stub.startWorkflows({
    enrichJobs,
    postProcess,
    async publishResults({ items }: { items: PublishItem[] }) {
      published.push(...items.map(({ result }) => `${result.id} ${result.status}`));
      await eventually('the timer has fired', () => Date.now() > deadline + 1_800);
      return { tooLarge: [] };
    },
  });
  await stub.startLlm({
    startLlmCalls: ({ calls }) => Promise.resolve({ outcomes: [], handles: handlesOf(calls) }),
    awaitLlmCalls: ({ handles }) =>
      Promise.resolve({ outcomes: handles.map(({ index }) => answerOf(index)) }),
  });
  // The timer comes a second later. A local activity has 4 s.
  deadline = Date.now() + 1_000;
  const ids = [0, 1].map((index) => `${stub.taskQueue}-${index}`);
  const jobs = ids.map((id) => ({ id, deadline: new Date(deadline).toISOString() }));
  expect(await resultOf(jobs)).toMatchObject({ completed: 2, expired: 0 });
  expect(published).toEqual(ids.map((id) => `${id} completed`));
  await recordHistory(stub.client, stub.taskQueue, 'pack-ends-before-its-deadline');
});
