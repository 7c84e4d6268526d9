import { ActivityFailure, continueAsNew, isCancellation, sleep } from '@temporalio/workflow';
import { markOf } from '../contracts/confidential';
import type { ErrorCode } from '../contracts/errors';
import type { LlmOutcome, MarkedOutput, PublishItem } from '../contracts/stages';
import { countsLasting } from './counts-lasting';
import { durableNow } from './durable-point';
import { attemptsMade, deadlineExceeded, failureCode, failureMessage, isAway } from './failures';
import { addUsage, completed, ended, toPostProcess, type JobInput, type JobProgress } from './job-progress';
import { backoffMs, countOwnFailure, hasFailedEnough, nextCall } from './llm-attempts';
import { mayAskOtherwise } from './may-ask-otherwise';
import { mayRepairAgain } from './may-repair-again';
import { failureOf, otherCall } from './other-call';
import { historyIsFull } from './size';
import { ownStages } from './stage-activities';
import { showProgress } from './visible';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** The result of a job that runs by itself, beginning with the stage its pack left off at. */
export async function runStages(
  progress: JobProgress,
  { policy, llmTaskQueue }: Pick<JobInput, 'policy' | 'llmTaskQueue'>,
): Promise<PublishItem> {
  const stages = ownStages(policy, llmTaskQueue);
  let end: PublishItem | undefined;
  if (progress.stage === 'enrich') end = await enrich();
  if (!end && progress.stage === 'call-llm') end = await askUntilAnswered();
  return end ?? (await postProcess());

  async function enrich(): Promise<PublishItem | undefined> {
    const request = { ...markOf(progress), job: progress.job, timeoutMs: policy.enrich.timeoutMs };
    try {
      Object.assign(progress, await whenNotAway(() => stages.enrich(request)));
    } catch (error) {
      return await failed('HW_ENRICH_FAILED', error, stageAttempts(error, policy.enrich.attempts));
    }
    enter('call-llm');
    return undefined;
  }

  /** Returns when there is an answer, or the result of a job that gets none. */
  async function askUntilAnswered(): Promise<PublishItem | undefined> {
    for (;;) {
      await keepHistorySmall();
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
        enter('post-process');
        return undefined;
      }
      if (outcome.kind === 'expired') return ended(progress, 'expired', deadlineExceeded, outcome.endedAt);
      progress.lastError = { code: outcome.code, message: outcome.message };
      const goesOn =
        outcome.kind === 'retry'
          ? mayTryAgain(outcome)
          : otherCall(progress, policy, outcome, mayAskOtherwise, mayRepairAgain) !== undefined;
      if (!goesOn) {
        const { code, message } = failureOf(progress, outcome);
        progress.lastError = { code, message };
        return ended(progress, 'failed', { code, message }, outcome.endedAt);
      }
      if (outcome.kind === 'retry') await sleep(backoffMs(progress, policy, outcome.retryAfterMs));
    }
  }

  function mayTryAgain(outcome: Extract<LlmOutcome, { kind: 'retry' | 'final' }>): boolean {
    progress.trouble ??= { since: outcome.endedAt, answers: 0 };
    if (progress.badAnswer) progress.failedRepairs = (progress.failedRepairs ?? 0) + 1;
    if (outcome.shared) return outcome.endedAt - progress.trouble.since <= policy.giveUpAfterMs;
    countOwnFailure(progress, outcome);
    if (progress.ownFailures < policy.llm.attempts) return true;
    return !hasFailedEnough(progress, outcome, policy) && countsLasting();
  }

  async function postProcess(): Promise<PublishItem> {
    const { job, enrichment, answer } = progress;
    if (!answer) throw new Error(`Job ${job.id} has no answer to post-process`);
    const { pipeline, input } = job;
    const item = { ...markOf(progress), index: 0, pipeline, input, enrichment, ...toPostProcess(answer) };
    const request = { item, timeoutMs: policy.postProcess.timeoutMs };
    try {
      const output = await whenNotAway(() => stages.postProcess(request));
      return completed(progress, progress.confidential ? (output as MarkedOutput).output : output);
    } catch (error) {
      return await failed('HW_POST_PROCESS_FAILED', error, stageAttempts(error, policy.postProcess.attempts));
    }
  }

  /** Begins anew, with backoff, while the stage says that something it needs is away. */
  async function whenNotAway<T>(stage: () => Promise<T>): Promise<T> {
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      await keepHistorySmall();
      try {
        const outcome = await stage();
        progress.away = undefined;
        return outcome;
      } catch (error) {
        if (!isAway(error)) throw error;
        const { since, attempts } = progress.away ?? { since: Date.now(), attempts: 0 };
        if (Date.now() - since > policy.giveUpAfterMs) throw error;
        progress.away = { since, attempts: attempts + attemptsMade(error, 1) };
      }
      await sleep(waitMs);
    }
  }

  /** Every round puts its argument into the history once more. One that is full is left behind, and the job goes on in a new run. */
  async function keepHistorySmall(): Promise<void> {
    if (!historyIsFull()) return;
    await continueAsNew<(input: JobInput) => Promise<void>>({ progress, policy, llmTaskQueue });
  }

  function stageAttempts(error: unknown, maximum: number): number {
    return (progress.away?.attempts ?? 0) + attemptsMade(error, maximum);
  }

  /** The result of a job that a stage gave up: as the stage said, or with `otherwise` when that says nothing about the job. */
  async function failed(otherwise: ErrorCode, error: unknown, attempts: number): Promise<PublishItem> {
    // Anything but a failed activity ends or continues the workflow itself.
    if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
    const code = failureCode(error) ?? otherwise;
    const status = code === 'HW_DEADLINE_EXCEEDED' ? 'expired' : 'failed';
    return ended(progress, status, { code, message: failureMessage(error), attempts }, await durableNow());
  }

  function enter(stage: JobProgress['stage']): void {
    progress.stage = stage;
    showProgress([progress]);
  }
}
