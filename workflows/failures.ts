import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { HiddenMessage } from '../contracts/confidential';
import { errorCodes, messageOf, type ErrorCode } from '../contracts/errors';
import type { FailedAttempt } from '../contracts/stages';

/** What a job ends in that has not had its answer in time. */
export const deadlineExceeded = {
  code: 'HW_DEADLINE_EXCEEDED',
  message: 'deadline: passed before the LLM answered',
} as const;

/** How a job ends before its stages are through. */
export interface EarlyEnd {
  status: 'cancelled' | 'expired';
  failure: { code: ErrorCode; message: string };
}

export const cancelledByUser: EarlyEnd = {
  status: 'cancelled',
  failure: { code: 'HW_JOB_CANCELLED', message: 'The job was cancelled.' },
};

export const deadlinePassed: EarlyEnd = {
  status: 'expired',
  failure: { code: 'HW_DEADLINE_EXCEEDED', message: 'deadline: passed before the job had ended' },
};

/** The innermost message of a failed activity, on one line. */
export function failureMessage(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return hiddenMessage(inner) ?? (messageOf(inner) || 'no message');
}

/** Of a failure of a confidential job: the message that Temporal must not show. */
function hiddenMessage(error: unknown): string | undefined {
  if (!(error instanceof ApplicationFailure)) return undefined;
  const [detail] = (error.details ?? []) as [Partial<HiddenMessage>?];
  return detail?.confidential ? detail.message : undefined;
}

/** No worker took the task from the queue of the one worker that could. */
export function holderIsGone(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof TimeoutFailure)) return false;
  return error.cause.timeoutType === 'SCHEDULE_TO_START';
}

/** A system the stage needs is away; this says nothing about the job. */
export function isAway(error: unknown): boolean {
  if (!(error instanceof ActivityFailure) || !(error.cause instanceof ApplicationFailure)) return false;
  return error.cause.type === 'HW_UNAVAILABLE';
}

/** The code an activity failed with, when that says what is wrong with the job. */
export function failureCode(error: unknown): ErrorCode | undefined {
  const type = thrownBy(error)?.type;
  return type && type !== 'HW_UNAVAILABLE' && Object.hasOwn(errorCodes, type)
    ? (type as ErrorCode)
    : undefined;
}

/** How often a failed activity was tried, which might have been tried `maximum` times. */
export function attemptsMade(error: unknown, maximum: number): number {
  const [detail] = (thrownBy(error)?.details ?? []) as [FailedAttempt?];
  if (detail?.attempt) return detail.attempt;
  // Nothing was thrown: the worker was gone, or too slow.
  return error instanceof ActivityFailure && error.retryState === 'MAXIMUM_ATTEMPTS_REACHED' ? maximum : 1;
}

/** What the code of an activity threw last, also when the time for further attempts ran out after it. */
function thrownBy(error: unknown): ApplicationFailure | undefined {
  let inner = error;
  while (inner instanceof Error && !(inner instanceof ApplicationFailure)) inner = inner.cause;
  return inner instanceof ApplicationFailure ? inner : undefined;
}

/** How jobs end whose workflow cannot go on: cancelled with it, or failed by something nobody thought of. */
export function endFor(cause: unknown): {
  status: 'cancelled' | 'failed';
  failure: { code: ErrorCode; message: string };
} {
  if (isCancellation(cause)) {
    const message = 'The workflow that held the job was cancelled.';
    return { status: 'cancelled', failure: { code: 'HW_JOB_CANCELLED', message } };
  }
  return { status: 'failed', failure: { code: 'HW_INTERNAL', message: failureMessage(cause) } };
}
