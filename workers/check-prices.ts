import { HeadwayError } from '../contracts/errors';
import type { Pipeline } from '../pipelines/define-pipeline';
import type { Config } from '../runtime/config/config';
import { priceOf } from '../runtime/llm-prices';

/**
 * With a ceiling, of tenants or of the pipeline itself, every model that a pipeline names has a price: one without could be called by no job.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` that names the model, its pipeline and the ceiling
 */
export function checkPrices(
  pipelines: readonly Pick<Pipeline, 'name' | 'policy'>[],
  { prices, dailyCeilings }: Pick<Config['llm'], 'prices' | 'dailyCeilings'>,
): void {
  const ofTenants = Object.keys(dailyCeilings).length > 0 ? 'LLM_TENANT_DAILY_COST_USD' : undefined;
  for (const { name, policy } of pipelines) {
    const ceiling = ofTenants ?? (policy.llm.maxCostUsd === undefined ? undefined : 'policy.llm.maxCostUsd');
    if (ceiling === undefined) continue;
    for (const field of ['model', 'fallbackModel'] as const) {
      const model = policy.llm[field];
      if (model === undefined || priceOf(prices, model)) continue;
      throw new HeadwayError(
        'HW_CONFIG_INVALID',
        `${ceiling} needs a price of ${model} in LLM_PRICES: policy.llm.${field} of pipeline "${name}".`,
      );
    }
  }
}
