import type { Usage } from './job-result';

/** Of a job for which no LLM call has ended. By itself, since workflows need it, and not the schemas. */
export const noUsage: Readonly<Usage> = { inputTokens: 0, outputTokens: 0, webSearches: 0, llmCalls: 0 };
