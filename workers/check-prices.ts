import { HeadwayError } from '../contracts/errors';
import type { Pipeline } from '../pipelines/define-pipeline';
import type { Config } from '../runtime/config';
import { priceOf } from '../runtime/llm-prices';

/**
 * With a ceiling for tenants every model has a price: one without could be called by no job.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` that names the model and its pipeline
 */
export function checkPrices(
  pipelines: readonly Pick<Pipeline, 'name' | 'policy'>[],
  { prices, dailyCeilings }: Pick<Config['llm'], 'prices' | 'dailyCeilings'>,
): void {
  if (Object.keys(dailyCeilings).length === 0) return;
  for (const { name, policy } of pipelines) {
    for (const field of ['model', 'fallbackModel'] as const) {
      const model = policy.llm[field];
      if (model === undefined || priceOf(prices, model)) continue;
      throw new HeadwayError(
        'HW_CONFIG_INVALID',
        `LLM_TENANT_DAILY_COST_USD needs a price of ${model} in LLM_PRICES: policy.llm.${field} of pipeline "${name}".`,
      );
    }
  }
}
