import { z } from 'zod';
import { errorCodes, type ErrorCode } from './errors';
import { jobIdSchema } from './job-request';
import { jobResultSchema, stageSchema, terminalStatusSchema, workflowRunSchema } from './job-result';

/** `queued`: no worker has begun with it, or its `notBefore` has not come. */
export const jobStatusSchema = z.enum(['queued', 'in_progress', ...terminalStatusSchema.options]);
export type JobStatus = z.infer<typeof jobStatusSchema>;

const time = z.iso.datetime();

/** A job as both doors and the command line show it, at any time of its life. */
export const jobViewSchema = z
  .object({
    id: jobIdSchema,
    pipeline: z.string(),
    status: jobStatusSchema,
    /** Where it stands, while it is in progress. */
    stage: stageSchema.optional(),
    /** Attempts of that stage so far, the current one included. */
    attempts: z.int().nonnegative().optional(),
    /** When a stage that failed is tried again. */
    nextAttemptAt: time.optional(),
    /** What went wrong last, while the job is still in progress. */
    lastError: z
      .object({ type: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]), message: z.string() })
      .optional(),
    tenant: z.string().optional(),
    priority: z.int().min(1).max(5).optional(),
    deadline: z.iso.datetime({ offset: true }).optional(),
    notBefore: z.iso.datetime({ offset: true }).optional(),
    /** When the job came in at its door. */
    receivedAt: time,
    startedAt: time.optional(),
    completedAt: time.optional(),
    /** 2 and more for a job that was run again after it had failed. */
    run: z.int().positive(),
    workflow: workflowRunSchema,
    /** As it is published on the results topic. Absent until the job has ended, and where nobody can tell any more. */
    result: jobResultSchema.optional(),
  })
  .meta({ id: 'Job' });

export type JobView = z.infer<typeof jobViewSchema>;
