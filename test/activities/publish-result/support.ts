import { jobResultSchema, type JobResult } from '../../../contracts/job-result';

/** The result of a job that went well. */
export const resultOf = (id: string, output: unknown = 'fine'): JobResult =>
  jobResultSchema.parse({
    id,
    pipeline: 'test-brief',
    status: 'completed',
    output,
    usage: { inputTokens: 1, outputTokens: 2, webSearches: 0, llmCalls: 1 },
    timings: { receivedAt: '', startedAt: '', completedAt: '', queuedMs: 0, llmMs: 0, totalMs: 0 },
    source: { door: 'http', timestamp: 0 },
    workflow: { id: 'w', runId: 'r' },
  });
