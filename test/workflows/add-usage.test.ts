import { noUsage } from '../../contracts/no-usage';
import type { Usage } from '../../contracts/job-result';
import type { LlmOutcome } from '../../contracts/stages';
import { addUsage, type JobProgress } from '../../workflows/job-progress';

const call = (parts: Partial<Usage>): Usage => ({ ...noUsage, llmCalls: 1, ...parts });

const newJob = () => ({ usage: { ...noUsage }, llmMs: 0 }) as JobProgress;

/** What a job with these calls has used in the end. */
function sumOf(...calls: Usage[]): Usage {
  const progress = newJob();
  for (const usage of calls) addUsage(progress, { usage, startedAt: 0, endedAt: 0 } as LlmOutcome);
  return progress.usage;
}

test('tokens and costs of all calls are added', () => {
  const one = { inputTokens: 5, cachedInputTokens: 2, outputTokens: 3, reasoningTokens: 1, costNanoUsd: 7 };
  expect(sumOf(call(one), noUsage, call(one))).toEqual({
    ...{ inputTokens: 10, cachedInputTokens: 4, outputTokens: 6, reasoningTokens: 2 },
    ...{ webSearches: 0, llmCalls: 2, costNanoUsd: 14 },
  });
});

test('one call of unknown cost makes the sum unknown, whichever it is', () => {
  const known = call({ costNanoUsd: 7 });
  const unknown = call({});
  expect(sumOf(unknown, known).costNanoUsd).toBeUndefined();
  expect(sumOf(known, unknown, known).costNanoUsd).toBeUndefined();
});

test('a call that was not made costs nothing, and no call has no cost', () => {
  expect(sumOf(noUsage, call({ costNanoUsd: 7 })).costNanoUsd).toBe(7);
  expect(sumOf(noUsage)).not.toHaveProperty('costNanoUsd');
});

test('towards a ceiling a call of unknown cost counts as what it may have cost', () => {
  const progress = newJob();
  const end = { startedAt: 0, endedAt: 0 };
  addUsage(progress, { ...end, usage: call({ costNanoUsd: 7 }) } as LlmOutcome);
  addUsage(progress, { ...end, usage: call({}), atMostNanoUsd: 100 } as LlmOutcome);
  expect(progress.spentNanoUsd).toBe(107);
});
