import { setTimeout as delay } from 'node:timers/promises';
import { cancelJob } from '../../../bridge/jobs/cancel-job';
import { HeadwayError } from '../../../contracts/errors';
import type { PackInput } from '../../../contracts/pack';
import { policySchema } from '../../../contracts/policy';
import { PROCESS_PACK } from '../../../contracts/workflow-names';
import { eventually } from '../../support/eventually';
import { createStubWorkers, type StubWorkers } from '../../workflows/stub-workers';

const ENRICH_MS = 20_000;

/** A workflow task of a pack in `enrich` ends every eight seconds, and the next one begins: some requests come before that, some after. */
const ASKED_AFTER_MS = [0, 1_500, 3_000, 4_500, 6_000, 7_500];

let stub: StubWorkers;
const enriching = new Set<string>();

beforeEach(async () => {
  stub = await createStubWorkers();
  await stub.startWorkflows({
    enrichJobs: async ({ jobs }) => {
      for (const { job } of jobs) enriching.add(job.id);
      // The slowness that the test is about.
      await delay(ENRICH_MS);
      return {
        outcomes: jobs.map(({ index }) => ({
          ...{ index, kind: 'enriched' as const, enrichment: {} },
          prompt: { instructions: '', input: '' },
        })),
      };
    },
  });
});

afterEach(() => stub.close());

async function startPack(id: string): Promise<void> {
  const input: PackInput = {
    jobs: [{ id, pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } }],
    policies: { p: policySchema.parse({ enrich: { timeoutMs: 2 * ENRICH_MS } }) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  const taskQueue = stub.taskQueue;
  await stub.client.workflow.start(PROCESS_PACK, { workflowId: id, taskQueue, args: [input] });
}

async function answerTo(id: string): Promise<string> {
  return await cancelJob(stub.client, id, id).then(
    () => 'cancelled',
    (error: unknown) => (error instanceof HeadwayError ? error.code : String(error)),
  );
}

test('while a slow enrich holds up a pack, no cancel that is carried out was answered with HW_NO_WORKER', async () => {
  const fates = await Promise.all(
    ASKED_AFTER_MS.map(async (afterMs) => {
      const id = `${stub.taskQueue}-${afterMs}`;
      await startPack(id);
      await eventually('it is in enrich', () => enriching.has(id));
      await delay(afterMs);
      const askedAt = Date.now();
      const answer = await answerTo(id);
      return { id, answer, tookMs: Date.now() - askedAt };
    }),
  );
  for (const { tookMs } of fates) expect(tookMs).toBeLessThan(12_500);
  await eventually('all are out of enrich', async () => {
    const open = await Promise.all(fates.map(({ id }) => stageOf(id)));
    return open.every((stage) => stage !== 'enrich') || open.join();
  });
  const cancelled = new Set(
    stub.published.filter(({ status }) => status === 'cancelled').map(({ id }) => id),
  );
  const seen = fates.map(({ id, answer }) => [answer, cancelled.has(id)] as const);
  for (const [answer, carriedOut] of seen) {
    if (answer === 'HW_NO_WORKER') expect(carriedOut).toBe(false);
    else if (answer === 'cancelled') expect(carriedOut).toBe(true);
    else expect(answer).toBe('HW_CANCEL_PENDING');
  }
  // Otherwise nothing here was late.
  expect(seen).toContainEqual(['HW_CANCEL_PENDING', true]);
});

async function stageOf(id: string): Promise<string | undefined> {
  const [state] = await stub.client.workflow.getHandle(id).query<{ stage: string; status: string }[]>('jobs');
  return state?.status === 'running' ? state.stage : state?.status;
}
