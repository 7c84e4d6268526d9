import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigProblems } from '../../runtime/config/problems';
import { costOf, priceOf, readLlmPrices } from '../../runtime/llm-prices';
import { projectRoot } from '../../runtime/project-root';

const price = { input: 0.075, cachedInput: 0.0125, output: 4.5, webSearch: 10 };
const none = { inputTokens: 0, outputTokens: 0, webSearches: 0 };

function problemOf(value: string): string {
  const problems = new ConfigProblems();
  expect(readLlmPrices(value, problems)).toBeUndefined();
  return problems.toString();
}

test('costs are whole nano-dollars, rounded up once for a call', () => {
  expect(costOf(price, { ...none, inputTokens: 1_000_000 })).toBe(75_000_000);
  expect(costOf(price, { ...none, outputTokens: 1 })).toBe(4_500);
  expect(costOf(price, { ...none, webSearches: 3 })).toBe(30_000_000);
  expect(costOf(price, { ...none, inputTokens: 1, cachedInputTokens: 1 })).toBe(13);
  expect(costOf(price, { ...none, inputTokens: 2, cachedInputTokens: 2 })).toBe(25);
  expect(costOf(price, { ...none, inputTokens: 10, cachedInputTokens: 4, outputTokens: 2 })).toBe(9_500);
});

test('cached tokens cost as much as others, and searches what nobody knows, where they have no price', () => {
  const { input, output } = price;
  expect(costOf({ input, output }, { ...none, inputTokens: 8, cachedInputTokens: 8 })).toBe(600);
  expect(costOf({ input, output }, { ...none, inputTokens: 8, webSearches: 1 })).toBeUndefined();
});

test('the very name goes before a beginning, and a long beginning before a short one', () => {
  const of = (input: number) => ({ input, output: 1 });
  const prices = { 'gpt-5*': of(1), 'gpt-5-mini*': of(2), 'gpt-5-mini': of(3) };
  expect(priceOf(prices, 'gpt-5-mini')?.input).toBe(3);
  expect(priceOf(prices, 'gpt-5-mini-2026-01-01')?.input).toBe(2);
  expect(priceOf(prices, 'gpt-5-pro')?.input).toBe(1);
  expect(priceOf(prices, 'gpt-4')).toBeUndefined();
  expect(priceOf(prices, 'toString')).toBeUndefined();
});

test('names the variable and the field at fault, and repeats no path', () => {
  const table = (model: object) => JSON.stringify({ models: { gpt: model } });
  expect(problemOf(table({ input: -1, output: 1 }))).toMatch(/^LLM_PRICES must .*models\.gpt\.input/);
  expect(problemOf(table({ input: 1 }))).toContain('models.gpt.output');
  expect(problemOf(table({ input: 0.000_000_1, output: 1 }))).toContain('6 decimal places');
  expect(problemOf(table({ input: 1, output: 1, outptu: 1 }))).toContain('outptu');
  expect(problemOf('/no/such/secret')).toMatch(/^LLM_PRICES .*ENOENT/);
  expect(problemOf('/no/such/secret')).not.toContain('secret');
});

test('the example file can be read, inline or by its path', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headway-prices-'));
  writeFileSync(join(folder, 'mine.json'), '{"models":{"m":{"input":1,"output":2}}}');
  const problems = new ConfigProblems();
  expect(readLlmPrices(join(folder, 'mine.json'), problems)).toEqual({ m: { input: 1, output: 2 } });
  rmSync(folder, { recursive: true });
  const example = readLlmPrices(join(projectRoot(), 'examples', 'llm-prices.json'), problems);
  expect(priceOf(example, 'gpt-5.4-mini-2026-03-17')?.input).toBe(0.5);
  expect(problems.none).toBe(true);
});
