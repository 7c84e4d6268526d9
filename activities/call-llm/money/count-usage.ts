import type { Usage } from '../../../contracts/job-result';
import type { LlmHandle } from '../../../contracts/stages';
import { createBoundedLabel } from '../../../runtime/bounded-labels';
import type { WorkerMetrics } from '../../../runtime/metrics';

/** The label of jobs without a tenant. */
const NO_TENANT = 'none';

export type CountUsage = (
  handle: Pick<LlmHandle, 'tenant' | 'pipeline' | 'model' | 'reserved'>,
  usage: Usage,
) => void;

/**
 * Counts what a call used, by tenant, pipeline and model.
 *
 * @param model of calls that do not say it themselves
 * @param tenantsMax tenants with a label of their own
 */
export function createUsageCounter(
  metrics: WorkerMetrics['llmUsage'],
  { model, tenantsMax }: { model: string; tenantsMax: number },
): CountUsage {
  const tenantLabel = createBoundedLabel(tenantsMax);
  return ({ tenant, pipeline, model: named, reserved }, usage) => {
    if (usage.llmCalls === 0) return;
    const labels = {
      tenant: tenant === undefined ? NO_TENANT : tenantLabel(tenant),
      pipeline,
      model: named ?? reserved?.model ?? model,
    };
    const { inputTokens, cachedInputTokens = 0, outputTokens, reasoningTokens = 0, costNanoUsd } = usage;
    metrics.calls.inc({ ...labels, cost: costNanoUsd === undefined ? 'unknown' : 'known' }, usage.llmCalls);
    metrics.tokens.inc({ ...labels, kind: 'input' }, inputTokens);
    metrics.tokens.inc({ ...labels, kind: 'cached_input' }, cachedInputTokens);
    metrics.tokens.inc({ ...labels, kind: 'output' }, outputTokens);
    metrics.tokens.inc({ ...labels, kind: 'reasoning' }, reasoningTokens);
    metrics.webSearches.inc(labels, usage.webSearches);
    if (costNanoUsd !== undefined) metrics.cost.inc(labels, costNanoUsd / 1e9);
  };
}
