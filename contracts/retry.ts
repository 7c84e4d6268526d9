import { z } from 'zod';
import type { Confidential } from './confidential';
import { jobRunSchema, type JobResult, type JobRun } from './job-result';
import type { PackJob } from './pack';
import type { PipelinePolicy } from './policy';

/** Argument of the workflow `processJob` when a job that had failed is run again, from its first stage. */
export interface RetryInput {
  job: PackJob;
  run: JobRun;
  policy: PipelinePolicy;
  /** Task queue of the LLM activities. */
  llmTaskQueue: string;
}

/** Memo of such a workflow: which run it is, and of which it takes the place. */
export const retryMemoSchema = z.object({ run: jobRunSchema });

export type RetryMemo = z.infer<typeof retryMemoSchema>;

/** The jobs that a Headway workflow was started with, from its argument; none when it is not one. */
export function jobsCarriedBy(input: unknown): PackJob[] {
  const { jobs, job, progress } = (input ?? {}) as {
    jobs?: PackJob[];
    job?: PackJob;
    progress?: { job: PackJob };
  };
  if (jobs) return jobs;
  const one = job ?? progress?.job;
  return one ? [one] : [];
}

/** What `processJob` returns. */
export interface JobSummary extends Confidential {
  /** Absent where it is too large to stand in the history once more. */
  result?: JobResult;
}
