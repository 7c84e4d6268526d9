import type { Usage } from './job-result';

/** Of a job for which no LLM call has ended. Not beside its schema, which would come into the bundle of the workflows with it. */
export const noUsage: Readonly<Usage> = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 };
