import { z } from 'zod';
import { errorCodes, type ErrorCode } from './errors';
import { jobSourceSchema } from './job-request';

export const stageSchema = z.enum(['enrich', 'call-llm', 'post-process', 'publish']);
export type Stage = z.infer<typeof stageSchema>;

export const terminalStatusSchema = z.enum(['completed', 'failed', 'cancelled', 'expired']);
export type TerminalStatus = z.infer<typeof terminalStatusSchema>;

export const usageSchema = z.object({
  inputTokens: z.int().nonnegative(),
  outputTokens: z.int().nonnegative(),
  cachedInputTokens: z
    .int()
    .nonnegative()
    .optional()
    .describe('Of `inputTokens`, those the provider had in its cache. Absent when it tells none.'),
  reasoningTokens: z
    .int()
    .nonnegative()
    .optional()
    .describe('Of `outputTokens`, those the model thought with. Absent when the provider tells none.'),
  webSearches: z.int().nonnegative(),
  /** LLM calls made for this job whose end was seen, or that may have been made, repair attempts included. */
  llmCalls: z.int().nonnegative(),
  costNanoUsd: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'What these calls cost by `LLM_PRICES`, in billionths of a US dollar (1 USD = 1000000000): whole numbers, so that sums are exact. Absent, ' +
        'and never 0, when the cost of one of them is not known: its model has no price, or its end was not seen.',
    ),
});
export type Usage = z.infer<typeof usageSchema>;

export const jobErrorSchema = z.object({
  stage: stageSchema,
  /** A code of the registry in contracts/errors.ts. */
  type: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  attempts: z.int().positive(),
});
export type JobError = z.infer<typeof jobErrorSchema>;

/** One run of a workflow, as Temporal names it. */
export const workflowRunSchema = z.object({ id: z.string(), runId: z.string() });
export type WorkflowRun = z.infer<typeof workflowRunSchema>;

/** A run of a job after its first. */
export const jobRunSchema = z.object({
  number: z.int().min(2),
  /** The workflow whose result is out of date now. */
  replaces: workflowRunSchema,
});
export type JobRun = z.infer<typeof jobRunSchema>;

/**
 * What is published for every run of a job, once: the value of a record on the results topic. Its key is the job id. A job has one
 * run, unless somebody starts another after it failed.
 */
export const jobResultSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  status: terminalStatusSchema,
  output: z
    .unknown()
    .optional()
    .describe("What the pipeline's post-processing made of the answer. Only with `completed`."),
  error: jobErrorSchema.optional().describe('Only with `failed`, `cancelled` and `expired`.'),
  tenant: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  model: z
    .string()
    .optional()
    .describe(
      'The model that answered, as it names itself: that of the pipeline or its fallback model. Only with `completed`.',
    ),
  usage: usageSchema,
  /** Times are ISO 8601 in UTC, durations milliseconds. */
  timings: z.object({
    receivedAt: z.string(),
    startedAt: z.string(),
    completedAt: z.string(),
    queuedMs: z.number().describe("From the record's timestamp to the start of its workflow."),
    llmMs: z.number().describe('Sum over all LLM calls of this job.'),
    totalMs: z
      .number()
      .describe("From the record's timestamp to the end of the last stage before publishing."),
  }),
  source: jobSourceSchema,
  workflow: workflowRunSchema,
  run: jobRunSchema
    .optional()
    .describe(
      'Only when a job that had failed was run again: which run this is of, and whose result it takes the place of.',
    ),
});

/**
 * What became of a job: the value of a record on the results topic.
 *
 * @useDeclaredType
 */
export type JobResult = z.infer<typeof jobResultSchema>;
