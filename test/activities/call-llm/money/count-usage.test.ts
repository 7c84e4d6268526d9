import { createUsageCounter } from '../../../../activities/call-llm/money/count-usage';
import { noUsage } from '../../../../contracts/no-usage';
import { createMetrics, workerMetrics } from '../../../../runtime/metrics';

const used = {
  ...{ inputTokens: 10, cachedInputTokens: 4, outputTokens: 6, reasoningTokens: 2 },
  ...{ webSearches: 1, llmCalls: 1, costNanoUsd: 250_000_000 },
};

function counter(tenantsMax: number) {
  const metrics = createMetrics('worker');
  const { llmUsage } = workerMetrics(metrics);
  const count = createUsageCounter(llmUsage, { model: 'm', tenantsMax });
  /** Value by the values of the labels. */
  async function read(name: string): Promise<Record<string, number>> {
    const { values } = await metrics.registry.getSingleMetric(name)!.get();
    return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
  }
  return { count, read };
}

test('calls, tokens, searches and cost are counted by tenant, pipeline and model', async () => {
  const { count, read } = counter(10);
  count({ tenant: 'acme', pipeline: 'p' }, used);
  count({ tenant: 'acme', pipeline: 'p' }, { ...used, costNanoUsd: undefined });
  count({ pipeline: 'p', reserved: { model: 'other-model', tokens: 0, prompt: 0 } }, used);
  count({ tenant: 'acme', pipeline: 'p' }, noUsage);
  expect(await read('headway_llm_used_calls_total')).toEqual({
    ...{ 'acme p m known': 1, 'acme p m unknown': 1 },
    'none p other-model known': 1,
  });
  expect(await read('headway_llm_used_tokens_total')).toMatchObject({
    ...{ 'acme p m input': 20, 'acme p m cached_input': 8 },
    ...{ 'acme p m output': 12, 'acme p m reasoning': 4 },
  });
  expect(await read('headway_llm_used_web_searches_total')).toMatchObject({ 'acme p m': 2 });
  expect(await read('headway_llm_cost_usd_total')).toEqual({ 'acme p m': 0.25, 'none p other-model': 0.25 });
});

test('a call counts for the model that it names', async () => {
  const { count, read } = counter(10);
  count({ pipeline: 'p', model: 'named' }, used);
  expect(await read('headway_llm_cost_usd_total')).toEqual({ 'none p named': 0.25 });
});

test('tenants beyond the bound share a label, and those before it keep theirs', async () => {
  const { count, read } = counter(2);
  for (const tenant of ['a', 'b', 'c', 'd', 'a']) count({ tenant, pipeline: 'p' }, used);
  expect(await read('headway_llm_cost_usd_total')).toEqual({ 'a p m': 0.5, 'b p m': 0.25, 'other p m': 0.5 });
});
