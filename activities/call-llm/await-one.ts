import { setTimeout as delay } from 'node:timers/promises';
import { CancelledFailure } from '@temporalio/common';
import { markOf } from '../../contracts/confidential';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { noUsage } from '../../contracts/no-usage';
import { isUnavailable } from '../../contracts/stage-errors';
import type { LlmHandle, LlmOutcome } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';
import type { LlmCalls } from './llm-calls';

/**
 * What only another worker can do ends an attempt this much later: until then the other calls of the activity are awaited, and those that end
 * have their outcomes.
 */
const PATIENCE_MS = 10_000;

/**
 * `wait` for one call, of which a defect is the outcome of this call alone: thrown, it would hold up all calls that are awaited together for as long as
 * the activity is tried again, which meets the same defect each time. The call has been paid for, though nobody can say how much.
 *
 * @param patienceMs - milliseconds until what another worker may do better is thrown
 * @throws what another worker may do better, such as a pipeline that this one does not have, and the reason of `signal`
 */
export async function awaitOne(
  llmCalls: Pick<LlmCalls, 'wait'>,
  handle: LlmHandle,
  signal: AbortSignal,
  turn: TaskPriority,
  patienceMs = PATIENCE_MS,
): Promise<LlmOutcome> {
  try {
    return await llmCalls.wait(handle, signal, turn);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof HeadwayError || error instanceof CancelledFailure || isUnavailable(error)) {
      await delay(patienceMs, undefined, { signal }).catch(() => signal.throwIfAborted());
      throw error;
    }
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
