import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { LlmOutcome, PublishItem } from '../contracts/stages';
import { durableNow } from './durable-point';
import { failureMessage } from './failures';
import { addUsage, completed, ended, type JobInput, type JobProgress } from './job-progress';
import { backoffMs, nextCall } from './llm-attempts';
import { ownStages } from './stage-activities';
import { jobsQuery, showEnd, showProgress, toJobViews } from './visible';

/**
 * A job that left its pack, from where it stood there: ordinary activities under Temporal's retry policies, each visible in
 * Temporal UI by itself.
 *
 * @throws ApplicationFailure with the error's code when the job failed (its result is published by then)
 */
export async function processJob(input: JobInput): Promise<void> {
  const { policy } = input;
  const progress: JobProgress = { ...input.progress, usage: { ...input.progress.usage }, status: 'running' };
  const stages = ownStages(policy, input.llmTaskQueue);
  setHandler(jobsQuery, () => toJobViews([progress]));
  showProgress([progress]);
  let end: PublishItem;
  let cancelled: Error | undefined;
  try {
    end = await run();
  } catch (error) {
    if (!isCancellation(error)) throw error;
    cancelled = error as Error;
    end = await CancellationScope.nonCancellable(async () =>
      ended(
        progress,
        'cancelled',
        { code: 'HW_JOB_CANCELLED', message: 'The workflow was cancelled.' },
        await durableNow(),
      ),
    );
  }
  await CancellationScope.nonCancellable(() => publish(end));
  showEnd([progress]);
  if (cancelled !== undefined) throw cancelled;
  const { status, error } = end.result;
  if (status === 'failed') throw ApplicationFailure.nonRetryable(error?.message, error?.type);

  async function run(): Promise<PublishItem> {
    if (progress.stage === 'enrich') {
      enter('enrich');
      try {
        Object.assign(
          progress,
          await stages.enrich({ job: progress.job, timeoutMs: policy.enrich.timeoutMs }),
        );
      } catch (error) {
        return await failed('HW_ENRICH_FAILED', error, policy.enrich.attempts);
      }
      enter('call-llm');
    }
    if (progress.stage === 'call-llm') {
      const failure = await askUntilAnswered();
      if (failure) return failure;
    }
    enter('post-process');
    return await postProcess();
  }

  /** Returns when there is an answer, or the result of a job that gets none. */
  async function askUntilAnswered(): Promise<PublishItem | undefined> {
    for (;;) {
      const call = nextCall(0, progress, policy);
      let outcome: LlmOutcome;
      try {
        outcome = await stages.callLlm(call.attempt)(call);
      } catch (error) {
        return await failed('HW_LLM_UNAVAILABLE', error, call.attempt);
      }
      addUsage(progress, outcome);
      if (outcome.kind === 'answer') {
        Object.assign(progress, { answer: outcome, answeredAt: outcome.endedAt });
        return undefined;
      }
      if (outcome.kind === 'expired') {
        const passed = {
          code: 'HW_DEADLINE_EXCEEDED',
          message: 'deadline: passed before the LLM answered',
        } as const;
        return ended(progress, 'expired', passed, outcome.endedAt);
      }
      progress.lastError = { code: outcome.code, message: outcome.message };
      if (outcome.kind === 'bad-answer') {
        if (progress.repairs >= policy.llm.repairAttempts)
          return ended(progress, 'failed', outcome, outcome.endedAt);
        progress.badAnswer = outcome;
        continue;
      }
      progress.ownFailures += 1;
      if (outcome.kind === 'final' || progress.ownFailures >= policy.llm.attempts) {
        return ended(progress, 'failed', outcome, outcome.endedAt);
      }
      await sleep(backoffMs(progress, policy, outcome.retryAfterMs));
    }
  }

  async function postProcess(): Promise<PublishItem> {
    const { job, enrichment, answer } = progress;
    if (!answer) throw new Error(`Job ${job.id} has no answer to post-process`);
    const { pipeline, input: request } = job;
    const item = {
      index: 0,
      pipeline,
      input: request,
      enrichment,
      answer: answer.answer,
      citations: answer.citations,
    };
    try {
      return completed(progress, await stages.postProcess({ item, timeoutMs: policy.postProcess.timeoutMs }));
    } catch (error) {
      return await failed('HW_POST_PROCESS_FAILED', error, policy.postProcess.attempts);
    }
  }

  async function failed(
    code: 'HW_ENRICH_FAILED' | 'HW_LLM_UNAVAILABLE' | 'HW_POST_PROCESS_FAILED',
    error: unknown,
    attempts: number,
  ): Promise<PublishItem> {
    if (isCancellation(error)) throw error;
    return ended(progress, 'failed', { code, message: failureMessage(error), attempts }, await durableNow());
  }

  async function publish(item: PublishItem): Promise<void> {
    const { status, error } = item.result;
    Object.assign(progress, { status, stage: 'publish' });
    if (error) progress.lastError = { code: error.type, message: error.message };
    const { tooLarge } = await stages.publish({ items: [item] });
    if (tooLarge.length === 0) return;
    const tooLargeFailure = {
      code: 'HW_RESULT_TOO_LARGE',
      message: 'The result is larger than a record of the results topic may be.',
    } as const;
    end = ended(progress, 'failed', tooLargeFailure, await durableNow());
    await publish(end);
  }

  function enter(stage: JobProgress['stage']): void {
    progress.stage = stage;
    showProgress([progress]);
  }
}
