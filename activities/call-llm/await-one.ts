import { CancelledFailure } from '@temporalio/common';
import { markOf } from '../../contracts/confidential';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { noUsage } from '../../contracts/no-usage';
import { isUnavailable } from '../../contracts/stage-errors';
import type { LlmHandle, LlmOutcome } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';
import type { LlmCalls } from './llm-calls';

/**
 * `wait` for one call, of which a defect is the outcome of this call alone: thrown, it would hold up all calls that are awaited together for as long as
 * the activity is tried again, which meets the same defect each time. The call has been paid for, though nobody can say how much.
 *
 * @throws what another worker may do better, such as a pipeline that this one does not have, and the reason of `signal`
 */
export async function awaitOne(
  llmCalls: Pick<LlmCalls, 'wait'>,
  handle: LlmHandle,
  signal: AbortSignal,
  turn: TaskPriority,
): Promise<LlmOutcome> {
  try {
    return await llmCalls.wait(handle, signal, turn);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HeadwayError || error instanceof CancelledFailure || isUnavailable(error))
      throw error;
    const name = error instanceof Error ? `${error.name}: ` : '';
    return {
      ...markOf(handle),
      ...{ index: handle.index, startedAt: handle.startedAt, endedAt: Date.now() },
      usage: { ...noUsage, llmCalls: 1 },
      ...{ kind: 'final', code: 'HW_INTERNAL' },
      message: `The answer could not be read: ${name}${messageOf(error)}`,
    };
  }
}
