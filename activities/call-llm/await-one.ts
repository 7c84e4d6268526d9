import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { markOf } from '../../contracts/confidential';
import { HeadwayError, type ErrorCode } from '../../contracts/errors';
import { noUsage } from '../../contracts/no-usage';
import { isUnavailable } from '../../contracts/stage-errors';
import type { LlmHandle, LlmOutcome } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';
import type { LlmCalls } from './llm-calls';
import { UnreadableAnswerError } from './unreadable-answer';

/**
 * What only another worker can do ends an attempt this much later: until then the other calls of the activity are awaited, and those that end
 * have their outcomes.
 */
const PATIENCE_MS = 10_000;

/**
 * So many attempts may meet a worker that lacks the pipeline of a call which has had its time. While a new version comes, one of the first is by a worker
 * that has it.
 */
const ATTEMPTS_MAX = 10;

/**
 * `wait` for one call, of which a defect is the outcome of this call alone: thrown, it would hold up all calls that are awaited together for as long as
 * the activity is tried again, which meets the same defect each time. The call has been paid for, though nobody can say how much. So is what another
 * worker might do better, once the call has had its time and no worker came that could.
 *
 * @param attempt - of the activity, 1 for the first
 * @param patienceMs - milliseconds until what another worker may do better is thrown
 * @throws what another worker may do better, such as a pipeline that this one does not have, and the reason of `signal`
 */
export async function awaitOne(
  llmCalls: Pick<LlmCalls, 'wait' | 'cancel'>,
  handle: LlmHandle,
  signal: AbortSignal,
  turn: TaskPriority,
  attempt = 1,
  patienceMs = PATIENCE_MS,
): Promise<LlmOutcome> {
  try {
    return await llmCalls.wait(handle, signal, turn);
  } catch (error) {
    signal.throwIfAborted();
    const ended = async (code: ErrorCode, message: string): Promise<LlmOutcome> => {
      const endedAt = Date.now();
      // What was set aside for it is spent now, for all anybody knows.
      await llmCalls.cancel(handle, turn);
      return {
        ...markOf(handle),
        ...{ index: handle.index, startedAt: handle.startedAt, endedAt },
        usage: { ...noUsage, llmCalls: 1 },
        ...(handle.held && { atMostNanoUsd: handle.held.nanoUsd }),
        ...{ kind: 'final', code, message },
      };
    };
    if (error instanceof HeadwayError && attempt > ATTEMPTS_MAX && Date.now() >= handle.timeoutAt)
      return await ended(error.code, error.message);
    if (error instanceof HeadwayError || error instanceof CancelledFailure || isUnavailable(error)) {
      await delay(patienceMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      throw error;
    }
    return await ended(
      'HW_INTERNAL',
      (error instanceof UnreadableAnswerError ? error : new UnreadableAnswerError(error)).message,
    );
  }
}
