import { cancelJob } from '../../../bridge/jobs/cancel-job';
import type { JobState } from '../../../contracts/job-state';
import { JOBS_QUERY } from '../../../contracts/job-state';
import type { PackInput, PackSummary } from '../../../contracts/pack';
import { policySchema } from '../../../contracts/policy';
import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { loadConfig } from '../../../runtime/config/config';
import { connectTemporalClient } from '../../../runtime/temporal';
import { eventually } from '../../support/eventually';
import { enrichAll, createStubWorkers, type StubWorkers } from '../../workflows/stub-workers';

/** The server takes ten updates of one workflow at a time (`history.maxInFlightUpdates`). */
const JOBS = 25;

let stub: StubWorkers;

beforeEach(async () => void (stub = await createStubWorkers()));
afterEach(() => stub.close());

test('all jobs of a pack are cancelled at once, one by one', async () => {
  await stub.startWorkflows({
    enrichJobs: enrichAll,
  });
  const ids = Array.from({ length: JOBS }, (_, index) => `${stub.taskQueue}-${index}`);
  const source = { door: 'http', timestamp: 0 } as const;
  const input: PackInput = {
    jobs: ids.map((id) => ({ id, pipeline: 'p', input: {}, source })),
    policies: { p: policySchema.parse({}) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  const pack = await stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
  });
  await eventually('their calls are to be made', async () =>
    (await pack.query<JobState[]>(JOBS_QUERY)).every(({ stage }) => stage === 'call-llm'),
  );
  // As the HTTP door connects.
  const client = await connectTemporalClient(loadConfig(process.env, ['temporal']).temporal, {
    reportThrottling: true,
  });
  try {
    const answers = await Promise.allSettled(ids.map((id) => cancelJob(client, stub.taskQueue, id)));
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
  } finally {
    await client.connection.close();
  }
  await stub.startLlm({ startLlmCalls: () => Promise.resolve({ outcomes: [], handles: [] }) });
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ cancelled: JOBS });
  expect(new Set(stub.published.map(({ id, status }) => `${id} ${status}`)).size).toBe(JOBS);
  expect(stub.published).toHaveLength(JOBS);
});
