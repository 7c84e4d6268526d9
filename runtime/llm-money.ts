import type { ConfigProblems } from './config/problems';
import type { Environment } from './config/environment';
import { priceOf, readLlmPrices, type LlmPrices } from './llm-prices';

type Variables = Pick<Environment, 'LLM_PRICES' | 'LLM_TENANT_DAILY_COST_USD' | 'OPENAI_MODEL'>;

/** What models cost, and what tenants may spend in a day, in nano-dollars. */
export function readLlmMoney(
  { LLM_PRICES, LLM_TENANT_DAILY_COST_USD: ceilings, OPENAI_MODEL }: Variables,
  problems: ConfigProblems,
): { prices?: LlmPrices; dailyCeilings: Record<string, number> } {
  const prices = readLlmPrices(LLM_PRICES, problems);
  const priced = priceOf(prices, OPENAI_MODEL) !== undefined;
  if (ceilings !== undefined && !priced && (prices !== undefined || LLM_PRICES === undefined)) {
    problems.add('LLM_TENANT_DAILY_COST_USD', 'needs a price of OPENAI_MODEL in LLM_PRICES');
  }
  return { prices, dailyCeilings: readCeilings(ceilings) };
}

function readCeilings(text: string | undefined): Record<string, number> {
  const entries = (text ?? '').split(',').flatMap((part): [string, number][] => {
    const [left = '', right] = part.split('=').map((side) => side.trim());
    if (left === '') return [];
    return right === undefined ? [['*', nano(left)]] : [[left, nano(right)]];
  });
  return Object.fromEntries(entries);
}

function nano(usd: string): number {
  return Math.round(Number(usd) * 1e9);
}

/** The ceiling of a tenant, of the jobs without one where there is none; undefined when it may spend what it likes. */
export function dailyCeiling(
  ceilings: Record<string, number>,
  tenant: string | undefined,
): number | undefined {
  const own = tenant !== undefined && Object.hasOwn(ceilings, tenant) ? ceilings[tenant] : undefined;
  return own ?? ceilings['*'];
}
