import { markOf } from '../contracts/confidential';
import { noUsage } from '../contracts/no-usage';
import type { PipelinePolicy } from '../contracts/policy';
import type { LlmCall, LlmHandle, LlmOutcome } from '../contracts/stages';
import type { JobProgress } from './job-progress';
import type { Pack } from './pack';
import { modelAndTokens } from './other-call';
import { jsonBytes } from './size';

/** Failures of its own that a job may have in a pack while others get answers; with the last one it leaves. */
const OWN_FAILURES_IN_PACK = 2;

/** Trouble of a job that may be the provider's lasts at least as long as so many of the longest waits, before the job fails of it. */
const OWN_TROUBLE_WAITS = 5;

/** Waits are whole seconds, so that jobs which failed together are tried again together. */
const WAIT_GRAIN_MS = 1_000;

type Failure = Extract<LlmOutcome, { kind: 'retry' | 'final' }>;

/** The next LLM call of a job, a repair when its last answer was bad; counts it. */
export function nextCall(index: number, progress: JobProgress, policy: PipelinePolicy): LlmCall {
  const { job, prompt, badAnswer } = progress;
  if (!prompt) throw new Error(`Job ${job.id} has no prompt yet`);
  progress.llmAttempts += 1;
  progress.nextAttemptAt = undefined;
  if (badAnswer) progress.repairs += 1;
  return {
    index,
    ...markOf(progress),
    jobId: job.id,
    pipeline: job.pipeline,
    prompt,
    ...modelAndTokens(progress, policy),
    timeoutMs: policy.llm.timeoutMs,
    attempt: progress.llmAttempts,
    deadline: job.deadline === undefined ? undefined : Date.parse(job.deadline),
    repair: badAnswer && { answer: badAnswer.answer, problem: badAnswer.message },
    traceparent: job.traceparent,
    ...(progress.returned && { returned: true }),
    ...accountOf(progress, policy),
  };
}

function accountOf(
  { job: { tenant, maxCostUsd }, spentNanoUsd }: JobProgress,
  policy: PipelinePolicy,
): Pick<LlmCall, 'account'> {
  const max = Math.min(maxCostUsd ?? Infinity, policy.llm.maxCostUsd ?? Infinity);
  if (max !== Infinity) return { account: { tenant, maxNanoUsd: Math.round(max * 1e9), spentNanoUsd } };
  return tenant === undefined ? {} : { account: { tenant } };
}

/** Bytes of calls as they count for the size of a workflow task: without what histories of before did not have in them, since it decides about timers. */
export function bytesOfCalls(calls: LlmCall[]): number {
  return jsonBytes(calls.map((call) => ({ ...call, account: undefined })));
}

/** The end of a call that ended with the worker which held it open. Nobody can say what became of it, so it counts as one of unknown cost. */
export function lostWithHolder({ index, startedAt, held }: LlmHandle, endedAt: number): LlmOutcome {
  const message = 'the worker that held the call open is gone';
  return {
    ...{ index, startedAt, endedAt, usage: { ...noUsage, llmCalls: 1 }, atMostNanoUsd: held?.nanoUsd },
    ...{ kind: 'retry', code: 'HW_LLM_UNAVAILABLE', message, shared: true },
  };
}

/**
 * What to do about a failed call that might pass next time. Trouble that all share must not turn thousands of jobs
 * into thousands of workflows, so a job leaves only when it keeps failing while others get their answers.
 *
 * @param mayFail called only where a job would fail since it has been paid for often enough: workflows of before went on
 */
export function afterFailure(
  pack: Pack,
  index: number,
  failure: Failure & { endedAt: number },
  mayFail: () => boolean,
): 'again' | 'leave' | 'fail' {
  const job = pack.job(index);
  job.lastError = { code: failure.code, message: failure.message };
  job.returned = failure.kind === 'retry' && failure.notMade;
  // Nothing was tried.
  if (job.returned) job.llmAttempts -= 1;
  job.trouble ??= { since: failure.endedAt, answers: pack.answers };
  const policy = pack.policy(index);
  if (!failure.shared) countOwnFailure(job, failure);
  // Each of these was a paid call, so they are counted also when nobody else gets an answer.
  if (failure.code === 'HW_LLM_TIMEOUT' && job.ownFailures >= policy.llm.attempts) return 'fail';
  const othersGoOn = pack.answers > job.trouble.answers;
  if (job.ownFailures >= OWN_FAILURES_IN_PACK && othersGoOn) return 'leave';
  const isPaid = !failure.shared && failure.usage.llmCalls > 0;
  if (isPaid && hasFailedEnough(job, failure, policy) && mayFail()) return 'fail';
  return failure.endedAt - job.trouble.since > policy.giveUpAfterMs ? 'fail' : 'again';
}

/** Counts a failure that others do not share. */
export function countOwnFailure(job: JobProgress, { endedAt }: Pick<Failure, 'endedAt'>): void {
  job.ownFailures += 1;
  job.ownTroubleSince ??= endedAt;
}

/**
 * Whether a job has failed by itself as often as its pipeline allows. Of what may be the provider's trouble all the same, such as status 500, it must have done
 * so for a while: an outage is not to fail jobs within seconds.
 */
export function hasFailedEnough(
  job: JobProgress,
  { code, endedAt }: Failure,
  { llm }: PipelinePolicy,
): boolean {
  if (job.ownFailures < llm.attempts) return false;
  if (code !== 'HW_LLM_UNAVAILABLE') return true;
  return endedAt - (job.ownTroubleSince ?? endedAt) >= OWN_TROUBLE_WAITS * llm.maxBackoffMs;
}

/** Milliseconds before the next call: doubling, never less than what the provider asked for, never beyond the job's deadline. */
export function backoffMs(
  { job, llmAttempts }: JobProgress,
  policy: PipelinePolicy,
  retryAfterMs = 0,
  now = Date.now(),
): number {
  const { backoffMs: first, maxBackoffMs } = policy.llm;
  const doubled = Math.min(maxBackoffMs, first * 2 ** Math.min(20, llmAttempts - 1));
  const exact = Math.max(doubled, retryAfterMs);
  const wait = exact < WAIT_GRAIN_MS ? exact : Math.ceil(exact / WAIT_GRAIN_MS) * WAIT_GRAIN_MS;
  return job.deadline === undefined ? wait : Math.max(1, Math.min(wait, Date.parse(job.deadline) - now));
}
