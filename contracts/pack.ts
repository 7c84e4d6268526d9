import { z } from 'zod';
import type { Confidential } from './confidential';
import type { JobResult } from './job-result';
import { jobRequestFields, jobSourceSchema } from './job-request';
import { policySchema } from './policy';

/** A job as a workflow carries it: the request, its id settled, and where it came from. */
export const packJobSchema = jobRequestFields.extend({
  id: z.string(),
  source: jobSourceSchema,
  traceparent: z.string().optional(),
  tracestate: z.string().optional(),
});

export type PackJob = z.infer<typeof packJobSchema>;

/** Argument of the workflow `processPack`. */
export const packInputSchema = z.object({
  jobs: z.array(packJobSchema).min(1),
  /** By pipeline name, for every pipeline the jobs name. */
  policies: z.record(z.string(), policySchema),
  /** Task queue of the LLM activities. */
  llmTaskQueue: z.string(),
});

export type PackInput = z.infer<typeof packInputSchema>;

/** Memo of a pack that came from Kafka: read when "already started" comes back. */
export const packMemoSchema = z.object({ lastOffset: z.string().regex(/^\d+$/) });

export type PackMemo = z.infer<typeof packMemoSchema>;

/** What `processPack` returns: counts by how the jobs left it. */
export interface PackSummary extends Confidential {
  completed: number;
  failed: number;
  cancelled: number;
  expired: number;
  /** Jobs that went on as a workflow of their own. */
  left: number;
  /** That of a pack of one job, unless it is too large to stand in the history once more. */
  result?: JobResult;
}
