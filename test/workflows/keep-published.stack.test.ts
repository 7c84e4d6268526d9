import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { PublishItem } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

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
    enrichJobs: ({ jobs }) =>
      Promise.resolve({
        outcomes: jobs.map(({ index }) => ({
          ...{ index, kind: 'enriched' as const, enrichment: {} },
          prompt: { instructions: '', input: '' },
        })),
      }),
    postProcess: ({ items }) =>
      Promise.resolve({
        outcomes: items.map(({ index }) => ({ index, kind: 'output' as const, output: {} })),
      }),
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
        handles: calls
          .filter(({ index }) => index === 1)
          .map(({ index, jobId, pipeline }) => ({
            ...{ index, jobId, pipeline, callId: 'call', startedAt: 0, timeoutAt: 0 },
          })),
      }),
    callLlm: ({ index }) =>
      Promise.resolve({ ...{ index, ...timed }, kind: 'final', code: 'HW_LLM_REFUSED', message: 'no' }),
    // The second one has its answer when the first is about to end.
    async awaitLlmCalls() {
      await eventually('the job that left is about to end', () => published.includes(idOf(0)));
      return { outcomes: [{ index: 1, ...timed, kind: 'answer', answer: {}, citations: [], model: 'm' }] };
    },
  });
  const input: PackInput = {
    jobs: [0, 1].map((index) => ({
      ...{ id: idOf(index), pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } as const },
    })),
    policies: { p: policySchema.parse({ postProcess: { deterministic: true } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  const summary = (await pack.result()) as PackSummary;
  expect(summary).toMatchObject({ completed: 1, left: 1 });
  expect(published).toEqual([idOf(0), idOf(1)]);
  await recordHistory(stub.client, stub.taskQueue, 'pack-ends-with-one-that-left');
});
