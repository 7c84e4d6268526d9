import { policySchema } from '../../contracts/policy';
import type { PublishRequest, PublishResponse } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { createStubWorkers, type StubWorkers } from './stub-workers';

let stub: StubWorkers;
beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

const source = { door: 'http', timestamp: 0 } as const;

/** Runs a pack of jobs that all fail in `enrich`, with so many bytes of message; what was asked of the activity that publishes. */
async function publishing(bytes: number[], answers: PublishResponse[]) {
  const asked: { ids: string[]; mayFail?: string }[] = [];
  await stub.startWorkflows({
    enrichJobs: ({ jobs }) =>
      Promise.resolve({
        outcomes: jobs.map(({ index, job }) => ({
          ...{ index, kind: 'final' as const, code: 'HW_ENRICH_FAILED' as const, endedAt: 1 },
          message: 'x'.repeat(Number(job.input.bytes)),
        })),
      }),
    publishResults({ items, mayFail }: PublishRequest) {
      asked.push({ ids: items.map(({ result }) => result.id), mayFail });
      return Promise.resolve(answers.shift() ?? { tooLarge: [] });
    },
  });
  const jobs = bytes.map((bytes, index) => ({ id: `job-${index}`, pipeline: 'p', input: { bytes }, source }));
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue },
    args: [{ jobs, policies: { p: policySchema.parse({}) }, llmTaskQueue: stub.llmTaskQueue }],
  });
  expect(await pack.result()).toMatchObject({ failed: bytes.length });
  return asked;
}

test('only the results that Kafka did not take are published again', async () => {
  const asked = await publishing([1, 1, 1], [{ tooLarge: [], failed: [1] }]);
  expect(asked).toEqual([
    { ids: ['job-0', 'job-1', 'job-2'], mayFail: 'some' },
    { ids: ['job-1'], mayFail: 'some' },
  ]);
});

test('results that Kafka takes none of do not keep those that need another request', async () => {
  const asked = await publishing([300_000, 300_000], [{ tooLarge: [], failed: [0] }]);
  expect(asked).toEqual([
    { ids: ['job-0'], mayFail: 'all' },
    { ids: ['job-1'], mayFail: 'all' },
    { ids: ['job-0'], mayFail: 'some' },
  ]);
});
