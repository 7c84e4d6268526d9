import { z } from 'zod';

const ms = z.int().positive();

/** How a pipeline's stages are timed and retried. Travels in the workflow's input, so a deployment never changes it for jobs in flight. */
export const policySchema = z.strictObject({
  /** `enrich`, and making the prompt. */
  enrich: z
    .strictObject({
      /** Limit for one batch of a pack. */
      timeoutMs: ms.default(5_000),
      /** Attempts for one job that keeps failing while others of its pack succeed. */
      attempts: z.int().positive().default(5),
    })
    .prefault({}),
  /** The LLM calls. */
  llm: z
    .strictObject({
      /** Limit for one call, from its creation to its answer. */
      timeoutMs: ms.default(180_000),
      /** Tokens an answer may have, reasoning included. */
      maxOutputTokens: z.int().positive().default(4_096),
      /** Attempts for one job that keeps failing while others of its pack succeed. */
      attempts: z.int().positive().default(5),
      /** Further calls that show the model what was wrong with its answer. */
      repairAttempts: z.int().nonnegative().default(2),
      /** US dollars that all calls of one job may cost. A call that may go beyond is not made, and the job fails. Default: no ceiling. */
      maxCostUsd: z.number().positive().max(1_000_000).optional(),
      /** First wait before a call is made again; doubles up to `maxBackoffMs`. A longer `retry-after` wins. */
      backoffMs: ms.default(1_000),
      /** Longest wait before a call is made again. */
      maxBackoffMs: ms.default(120_000),
    })
    .prefault({}),
  /** `postProcess`. */
  postProcess: z
    .strictObject({
      /** Limit for one batch of a pack. */
      timeoutMs: ms.default(5_000),
      attempts: z.int().positive().default(5),
      /**
       * The same answer always gives the same output: no clock, no random numbers, no I/O. Then its output need not be
       * written to the history before it is published (a crash in between makes it again, byte for byte), which
       * saves one workflow task per wave.
       */
      deterministic: z.boolean().default(false),
    })
    .prefault({}),
  /**
   * How long trouble that jobs share (provider or database away) is waited out before jobs fail; for the jobs of a pack, the longest of their
   * pipelines. An answer that is being awaited has `llm.timeoutMs`; a result that only waits to be published is never given up.
   */
  giveUpAfterMs: ms.default(24 * 3_600_000),
});

/**
 * Times and attempts of all stages, complete.
 *
 * @useDeclaredType
 */
export type PipelinePolicy = z.infer<typeof policySchema>;
