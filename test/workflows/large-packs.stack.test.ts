import { once } from 'node:events';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../activities';
import type { PackInput, PackSummary } from '../../contracts/pack';
import { policySchema } from '../../contracts/policy';
import type { LlmHandle, LlmOutcome } from '../../contracts/stages';
import { PROCESS_PACK } from '../../contracts/workflow-names';
import { eventually } from '../support/eventually';
import { bundlePath } from '../../workers/bundle-path';
import { createStubWorkers, type StubWorkers } from './stub-workers';

const JOBS = 50;
/** Of a prompt, an enrichment or an output: five of them are one batch, and all those of a pack more than one gRPC message takes. */
const FAT = 'x'.repeat(100_000);
const BATCH = 5;

const fates = ['leaves', 'again', 'ends'] as const;
type Fate = (typeof fates)[number];

const timed = {
  startedAt: 1,
  endedAt: 2,
  usage: { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 1 },
};

/** What becomes of the first LLM call of every job of a pack. */
const outcomes: Record<Fate, (index: number) => LlmOutcome> = {
  leaves: (index) => ({
    ...{ index, ...timed },
    ...{ kind: 'bad-answer', code: 'HW_LLM_BAD_ANSWER', message: 'no JSON', answer: '' },
  }),
  again: (index) => ({
    ...{ index, ...timed },
    ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message: 'away', shared: true },
  }),
  ends: (index) => ({ index, ...timed, kind: 'answer', answer: {}, citations: [], model: 'm' }),
};

let stub: StubWorkers;

beforeEach(async () => {
  stub = await createStubWorkers();
});

afterEach(() => stub.close());

const fateOf = (jobId: string) => jobId.split('-')[1] as Fate;

async function startPack(fate: Fate) {
  const jobs = Array.from({ length: JOBS }, (_, index) => ({
    id: `${stub.taskQueue}-${fate}-${index}`,
    pipeline: 'p',
    input: {},
    source: { door: 'http', timestamp: 0 } as const,
  }));
  const input: PackInput = {
    jobs,
    policies: { p: policySchema.parse({}) },
    llmTaskQueue: stub.llmTaskQueue,
  };
  return stub.client.workflow.start(PROCESS_PACK, {
    workflowId: `${stub.taskQueue}-${fate}`,
    taskQueue: stub.taskQueue,
    args: [input],
  });
}

const shortStages: Partial<Activities> = {
  enrichJobs: ({ jobs }) =>
    Promise.resolve({
      outcomes: jobs.slice(0, BATCH).map(({ index, job }) => {
        const again = fateOf(job.id) === 'again';
        const prompt = { instructions: '', input: again ? FAT : '' };
        return { index, kind: 'enriched' as const, prompt, enrichment: again ? null : FAT };
      }),
    }),
  postProcess: ({ items }) =>
    Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: FAT })) }),
};

test('packs with more to say at once than a message may hold say it in parts, and go on', async () => {
  // All calls end while no worker is there to hear of it, so that every end comes with the same workflow task.
  const [awaited, ended] = [new Set<string>(), new Set<string>()];
  const allEnd = new AbortController();
  const released = once(allEnd.signal, 'abort');
  const workflows = await stub.startWorkflows(shortStages);
  await stub.startLlm({
    startLlmCalls: ({ calls }) => {
      const refused = { kind: 'final', code: 'HW_LLM_REJECTED', message: 'no' } as const;
      const handles = calls.map(({ index, jobId, pipeline }): LlmHandle => ({
        ...{ index, jobId, pipeline, callId: jobId },
        ...{ startedAt: 1, timeoutAt: 2 },
      }));
      return Promise.resolve(
        allEnd.signal.aborted
          ? { handles: [], outcomes: calls.map(({ index }) => ({ index, ...timed, ...refused })) }
          : { handles, outcomes: [] },
      );
    },
    awaitLlmCalls: async ({ handles }) => {
      for (const { jobId } of handles) awaited.add(jobId);
      await released;
      for (const { jobId } of handles) ended.add(jobId);
      return { outcomes: handles.map(({ index, jobId }) => outcomes[fateOf(jobId)](index)) };
    },
    callLlm: ({ index }) => Promise.resolve({ index, ...timed, kind: 'expired' }),
  });
  const packs = await Promise.all(fates.map(startPack));
  await eventually('all calls are awaited', () => awaited.size === fates.length * JOBS);
  await workflows.stop();
  allEnd.abort();
  await eventually('all calls have ended', () => ended.size === fates.length * JOBS);

  await stub.startWorkflows(shortStages);
  await eventually(
    'every job has its result',
    () => {
      const missing = fates.map((fate) => {
        const there = new Set(stub.published.filter(({ id }) => fateOf(id) === fate).map(({ id }) => id));
        return `${fate} ${JOBS - there.size}`;
      });
      return stub.published.length >= fates.length * JOBS || `missing: ${missing.join(', ')}`;
    },
    60_000,
  );
  const none: PackSummary = { completed: 0, failed: 0, cancelled: 0, expired: 0, left: 0 };
  expect(await Promise.all(packs.map((pack) => pack.result()))).toEqual([
    { ...none, left: JOBS },
    { ...none, failed: JOBS },
    { ...none, completed: JOBS },
  ]);
  for (const pack of packs) {
    const history = await stub.client.workflow.getHandle(pack.workflowId).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle: { codePath: bundlePath } }, history, pack.workflowId);
  }
});
