import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { messageOf, type ErrorCode } from '../contracts/errors';

/** The innermost message of a failed activity, on one line. */
export function failureMessage(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return messageOf(inner) || 'no message';
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
