import { randomUUID } from 'node:crypto';
import { createCallLlm } from '../../activities/call-llm';
import type { LlmCalls } from '../../activities/call-llm/llm-calls';
import { createSpendingStore } from '../../activities/call-llm/money/spending-store';
import { withCeilings } from '../../activities/call-llm/money/with-ceilings';
import { createPackStarter } from '../../bridge/start-pack';
import type { PackJob } from '../../contracts/pack';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { createDatabase } from '../../runtime/database';
import { readLocalStack } from '../../runtime/local-stack';
import { anything } from '../support/anything';
import { eventually } from '../support/eventually';
import { createStubWorkers, type StubWorkers } from './stub-workers';

/** What a call of the pipeline may cost at 1 USD per million tokens of output (its maxOutputTokens is 4,096), and what it costs. */
const COST = 4_000_000;
const usage = { inputTokens: 0, outputTokens: 4_000, webSearches: 0, llmCalls: 1, costNanoUsd: COST };
/** The third call just fits: two have cost 8,000,000 by then, and it may cost 4,096,000. */
const CEILING = 12_100_000;

const url = readLocalStack()?.databaseUrl ?? '';
const databases = [0, 1].map(() => createDatabase({ url }));
const limited = `limited-${randomUUID()}`;
let stub: StubWorkers;

beforeAll(async () => {
  stub = await createStubWorkers();
});
afterAll(async () => {
  await stub.close();
  await Promise.all(databases.map((database) => database.close()));
});

const calls: LlmCalls = {
  start: ({ index, jobId, pipeline }) =>
    Promise.resolve({ index, jobId, pipeline, callId: jobId, startedAt: 1, timeoutAt: Date.now() + 60_000 }),
  wait: ({ index }) =>
    Promise.resolve({
      ...{ index, startedAt: 1, endedAt: 2, usage },
      ...{ kind: 'answer', answer: {}, citations: [], model: 'm' },
    }),
  cancel: () => Promise.resolve(),
};

test('two workers stop a tenant at its ceiling, and nobody else: its jobs fail at once, in their packs', async () => {
  await stub.startWorkflows({
    enrichJobs: ({ jobs }) => {
      const prompt = { instructions: '', input: '' };
      const outcomes = jobs.map(
        ({ index }) => ({ index, kind: 'enriched', enrichment: null, prompt }) as const,
      );
      return Promise.resolve({ outcomes });
    },
    postProcess: ({ items }) =>
      Promise.resolve({ outcomes: items.map(({ index }) => ({ index, kind: 'output', output: {} })) }),
  });
  // As two workers: nothing in common but the tables. Calls made by one are awaited by the other.
  const workers = databases.map((database) => {
    const llmCalls = withCeilings(calls, {
      prices: { m: { input: 0, output: 1 } },
      modelOf: () => 'm',
      dailyCeilingOf: (tenant) => (tenant === limited ? CEILING : undefined),
      spending: createSpendingStore(database),
    });
    return createCallLlm({ llmCalls });
  });
  let turn = 0;
  const next = () => workers[turn++ % 2]!;
  await stub.startLlm({
    startLlmCalls: (request) => next().startLlmCalls(request),
    awaitLlmCalls: (request) => next().awaitLlmCalls(request),
  });
  const { client, taskQueue, llmTaskQueue } = stub;
  const pipelineNamed = (name: string): Pipeline => ({ ...anything, name });
  const start = createPackStarter({ client, taskQueue, llmTaskQueue, pipelineNamed });
  const job = (id: string, tenant: string): PackJob => ({
    ...{ id: `${taskQueue}-${id}`, pipeline: 'anything', input: {}, tenant },
    source: { door: 'http', timestamp: 0 },
  });
  const packs = [0, 1].map((pack) => `${taskQueue}-pack-${pack}`);
  for (const workflowId of packs) {
    const jobs = [0, 1, 2, 3].map((place) => job(`${workflowId}-limited-${place}`, limited));
    await start({ workflowId, jobs: [...jobs, job(`${workflowId}-free`, 'free')] });
  }
  await eventually('ten results', () => stub.published.length === 10 || `${stub.published.length}`, 60_000);

  const of = (tenant: string) => stub.published.filter((result) => result.tenant === tenant);
  expect(of('free').map(({ status }) => status)).toEqual(['completed', 'completed']);
  const completed = of(limited).filter(({ status }) => status === 'completed');
  expect(completed.map((result) => result.usage.costNanoUsd)).toEqual([COST, COST, COST]);
  const failed = of(limited).filter(({ status }) => status === 'failed');
  expect(failed).toHaveLength(5);
  for (const { error, usage: used, workflow } of failed) {
    expect(error).toMatchObject({ stage: 'call-llm', type: 'HW_COST_CEILING' });
    expect(error!.message).toMatch(/^budget: the tenant has spent 0\.012000 of 0\.012100 USD today/);
    expect(used.llmCalls).toBe(0);
    expect(packs).toContain(workflow.id);
  }
}, 120_000);
