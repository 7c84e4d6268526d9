import { z } from 'zod';

const ms = z.int().positive();

/** As OPENAI_MODEL may be. */
const model = z.string().max(200).regex(/^\S+$/, 'must be the name of a model, without spaces');

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
      /** The model of the pipeline. Default: `OPENAI_MODEL` of the worker that makes the call. */
      model: model.optional(),
      /**
       * Asked the same question afresh, with `repairAttempts` of its own, when the first model gave no answer that can be used, or the provider
       * does not give it to us. Rate limits and outages are waited out with the first model. Default: none, and the job fails.
       */
      fallbackModel: model.optional(),
      /** Limit for one call, from its creation to its answer. */
      timeoutMs: ms.default(180_000),
      /** Tokens an answer may have, reasoning included. */
      maxOutputTokens: z.int().positive().default(4_096),
      /**
       * Tokens an answer may have after one of the job was cut off at `maxOutputTokens`: it is asked for once more, and the limit stays for the
       * calls after that. Default: twice `maxOutputTokens`. As much as `maxOutputTokens`: it is not asked for again.
       */
      raisedOutputTokens: z.int().positive().optional(),
      /**
       * Attempts for one job that keeps failing while others of its pack succeed, or whose calls are paid for and bring nothing. Trouble that may be the
       * provider's has to last for two of the longest waits as well.
       */
      attempts: z.int().positive().default(5),
      /** Further calls that show the model what was wrong with its answer; so many for each model. */
      repairAttempts: z.int().nonnegative().default(2),
      /** US dollars that all calls of one job may cost. A call that may go beyond is not made, and the job fails. Default: no ceiling. */
      maxCostUsd: z.number().positive().max(1_000_000).optional(),
      /** First wait before a call is made again; doubles up to `maxBackoffMs`. A longer `retry-after` wins. */
      backoffMs: ms.default(1_000),
      /** Longest wait before a call is made again. */
      maxBackoffMs: ms.default(120_000),
    })
    .refine((llm) => llm.fallbackModel === undefined || llm.fallbackModel !== llm.model, {
      path: ['fallbackModel'],
      message: 'must be another model than model',
    })
    .refine((llm) => (llm.raisedOutputTokens ?? Infinity) >= llm.maxOutputTokens, {
      path: ['raisedOutputTokens'],
      message: 'must not be less than maxOutputTokens',
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
  /**
   * What its jobs are about is for nobody who may read the namespace: inputs, prompts, answers, outputs and error messages are encrypted
   * before Temporal gets them. Needs PAYLOAD_KEYS in every process. Results on their topic stay readable.
   */
  confidential: z.boolean().optional(),
});

/**
 * Times and attempts of all stages, complete.
 *
 * @useDeclaredType
 */
export type PipelinePolicy = z.infer<typeof policySchema>;
