import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../contracts/errors';
import { describeIssues } from '../contracts/job-request';
import type { Usage } from '../contracts/job-result';
import type { ConfigProblems } from './config/problems';

const VARIABLE = 'LLM_PRICES';

/** Up to six decimal places, so that the price of one token is a whole number of pico-dollars. */
const usd = z
  .number()
  .nonnegative()
  .max(100_000)
  .refine((price) => Math.abs(price * 1e6 - Math.round(price * 1e6)) < 1e-3, {
    message: 'must have at most 6 decimal places',
  });

const priceSchema = z.strictObject({
  /** US dollars per million input tokens. */
  input: usd,
  /** The same for those the provider had in its cache. Default: as `input`. */
  cachedInput: usd.optional(),
  /** US dollars per million output tokens, reasoning included. */
  output: usd,
  /** US dollars per 1,000 web searches. Default: a call with searches has no known cost. */
  webSearch: usd.optional(),
});

/** Of one model, in US dollars: per million tokens, per 1,000 web searches. */
export type LlmPrice = z.infer<typeof priceSchema>;

const tableSchema = z.strictObject({
  /** What a person should know about it. */
  about: z.string().optional(),
  models: z.record(
    z.string().regex(/^[^\s*]+\*?$/, 'must be the name of a model, or its beginning and `*`'),
    priceSchema,
  ),
});

/** Prices by the name of a model, or by its beginning and `*`. */
export type LlmPrices = Record<string, LlmPrice>;

/** LLM_PRICES: JSON, or the path of a file with it. */
export function readLlmPrices(value: string | undefined, problems: ConfigProblems): LlmPrices | undefined {
  if (value === undefined) return undefined;
  const text = value.trimStart().startsWith('{') ? value : readText(value, problems);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    problems.add(VARIABLE, 'must be JSON, or the path of a file with JSON');
    return undefined;
  }
  const parsed = tableSchema.safeParse(json);
  if (parsed.success) return parsed.data.models;
  problems.add(VARIABLE, `must be a table of prices: ${describeIssues(parsed.error).replace(/\.$/, '')}`);
  return undefined;
}

/** The price of a model: of the very name, else of the longest beginning that fits. */
export function priceOf(prices: LlmPrices | undefined, model: string): LlmPrice | undefined {
  if (prices === undefined) return undefined;
  if (Object.hasOwn(prices, model)) return prices[model];
  const [longest] = Object.keys(prices)
    .filter((name) => name.endsWith('*') && model.startsWith(name.slice(0, -1)))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : prices[longest];
}

type Used = Pick<Usage, 'inputTokens' | 'cachedInputTokens' | 'outputTokens' | 'webSearches'>;

/**
 * What this costs, in nano-dollars (10^-9 US dollars), rounded up once. Undefined when it has web searches, and these have no
 * price.
 */
export function costOf(price: LlmPrice, used: Used): number | undefined {
  if (used.webSearches > 0 && price.webSearch === undefined) return undefined;
  const cached = Math.min(used.cachedInputTokens ?? 0, used.inputTokens);
  const pico =
    BigInt(used.inputTokens - cached) * millionths(price.input) +
    BigInt(cached) * millionths(price.cachedInput ?? price.input) +
    BigInt(used.outputTokens) * millionths(price.output) +
    BigInt(used.webSearches) * millionths(price.webSearch ?? 0) * 1_000n;
  return Number((pico + 999n) / 1_000n);
}

/** Dollars per million of something are pico-dollars for one of it, times a million. */
function millionths(dollars: number): bigint {
  return BigInt(Math.round(dollars * 1e6));
}

function readText(path: string, problems: ConfigProblems): string | undefined {
  try {
    return readFileSync(path.trim(), 'utf8');
  } catch (error) {
    // Something secret may have been pasted here, so the path is not repeated.
    const { code } = error as NodeJS.ErrnoException;
    problems.add(VARIABLE, `must be JSON or the path of a readable file (${code ?? messageOf(error)})`);
    return undefined;
  }
}
