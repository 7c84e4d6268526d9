import { engineLoads } from '../../bridge/kafka/engine-load';
import { CANCEL_JOB_UPDATE, JOBS_QUERY, type JobState } from '../../contracts/job-state';
import type { PackInput, PackJob, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { RetryInput } from '../../contracts/retry';
import { statusAtStart } from '../../contracts/scheduled';
import { searchAttributes } from '../../contracts/search-attributes';
import { PROCESS_JOB, PROCESS_PACK } from '../../contracts/workflow-names';
import { loadConfig, type Config } from '../../runtime/config/config';
import { eventually } from '../support/eventually';
import { recordHistory } from '../support/record-history';
import { createStubWorkers, enrichAll, type StubWorkers } from './stub-workers';

/** Nobody works on LLM calls here: a job that has begun waits there. */
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
const HOUR_MS = 3_600_000;
const jobNamed = (name: string, waitMs?: number): PackJob => ({
  ...{ id: `${stub.taskQueue}-${name}`, pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } },
  ...(waitMs !== undefined && { notBefore: new Date(Date.now() + waitMs).toISOString() }),
});

function startPack(jobs: PackJob[], status: string) {
  const input: PackInput = { jobs, policies: { p: policy }, llmTaskQueue: stub.llmTaskQueue };
  return stub.client.workflow.start(PROCESS_PACK, {
    ...{ workflowId: stub.taskQueue, taskQueue: stub.taskQueue, args: [input] },
    typedSearchAttributes: [{ key: searchAttributes.status, value: status }],
  });
}

type Handle = Awaited<ReturnType<typeof startPack>>;

async function shownStatus(handle: Pick<Handle, 'describe'>) {
  const { typedSearchAttributes, status } = await handle.describe();
  return `${status.name} ${typedSearchAttributes.get(searchAttributes.status)}`;
}

async function stageOf(handle: Pick<Handle, 'query'>) {
  const [state] = await handle.query<JobState[]>(JOBS_QUERY);
  return state?.stage;
}

/** What the bridge looks at before it starts more. */
async function inFlight(): Promise<number> {
  const { bridge } = loadConfig({}, ['bridge']);
  const { taskQueue, llmTaskQueue, client } = stub;
  const temporal = { taskQueue, llmTaskQueue } as Config['temporal'];
  const loads = engineLoads(client, { bridge, temporal });
  return await loads.find(({ name }) => name === 'in_flight')!.read();
}

const cancel = (handle: Pick<Handle, 'executeUpdate'>, id: string) =>
  handle.executeUpdate(CANCEL_JOB_UPDATE, { args: [id] });

test('a job that is due long after the others waits in a workflow of its own, which is not in flight', async () => {
  const [now, soon, far] = [jobNamed('now'), jobNamed('soon', 20_000), jobNamed('far', HOUR_MS)];
  const pack = await startPack([now, soon, far], statusAtStart([now, soon, far], Date.now()));
  const alone = stub.client.workflow.getHandle(far.id);
  await eventually('it waits by itself', async () => {
    const shown = await shownStatus(alone).catch(String);
    return shown === 'RUNNING scheduled' || shown;
  });
  await eventually('the pack alone is in flight', async () => {
    const count = await inFlight();
    return count === 1 || `${count} are`;
  });
  for (const { id } of [now, soon])
    await eventually(`${id} is cancelled`, async () => {
      const { outcome } = (await cancel(pack, id)) as { outcome: string };
      return outcome === 'cancelled' || outcome;
    });
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 2, left: 1 });
  await eventually('nothing is in flight', async () => (await inFlight()) === 0);
  expect(await cancel(alone, far.id)).toEqual({ outcome: 'cancelled' });
  expect(await alone.result()).toMatchObject({ result: { id: far.id, status: 'cancelled' } });
  await recordHistory(stub.client, stub.taskQueue, 'pack-with-a-scheduled-job');
});

test('a pack of scheduled jobs is in flight from when the first of them begins', async () => {
  const [first, second] = [jobNamed('first', 3_000), jobNamed('second', 6_000)];
  // As if it had been started a minute ago.
  const pack = await startPack([first, second], 'scheduled');
  await eventually('it waits', async () => (await stageOf(pack)) === 'enrich');
  expect(await inFlight()).toBe(0);
  await eventually('the first has begun', async () => (await stageOf(pack)) === 'call-llm');
  await eventually('it is in flight', async () => (await inFlight()) === 1);
  expect(await shownStatus(pack)).toBe('RUNNING running');
  for (const { id } of [first, second]) await cancel(pack, id);
  expect(await (pack.result() as Promise<PackSummary>)).toMatchObject({ cancelled: 2 });
  await recordHistory(stub.client, stub.taskQueue, 'pack-of-scheduled-jobs');
});

test('so is a job by itself', async () => {
  const job = jobNamed('alone', 2_000);
  const run = { number: 2, replaces: { id: 'before', runId: 'before' } };
  const input: RetryInput = { job, run, policy, llmTaskQueue: stub.llmTaskQueue };
  const alone = await stub.client.workflow.start(PROCESS_JOB, {
    ...{ workflowId: job.id, taskQueue: stub.taskQueue, args: [input] },
    typedSearchAttributes: [{ key: searchAttributes.status, value: 'scheduled' }],
  });
  await eventually('it has begun', async () => (await stageOf(alone)) === 'call-llm');
  await eventually('it is in flight', async () => (await inFlight()) === 1);
  await cancel(alone, job.id);
  expect(await alone.result()).toMatchObject({ result: { status: 'cancelled' } });
});
