import { APIError } from 'openai';
import { markOf } from '../../contracts/confidential';
import { HeadwayError, messageOf, type ErrorCode } from '../../contracts/errors';
import { noUsage } from '../../contracts/no-usage';
import { isUnavailable } from '../../contracts/stage-errors';
import type { LlmCall, LlmHandle, LlmOutcome, StageFailure } from '../../contracts/stages';
import type { TaskPriority } from '../../contracts/task-priority';
import { classifyError } from './classify-error';
import type { LlmCalls } from './llm-calls';

/**
 * `start` of one call, of which a defect is the outcome of this call alone: thrown, it would hold up all calls of its activity for as long as the
 * activity is tried again. Rejects only when `signal` is aborted.
 */
export async function startOne(
  llmCalls: Pick<LlmCalls, 'start'>,
  call: LlmCall,
  signal: AbortSignal,
  turn: TaskPriority,
): Promise<LlmHandle | LlmOutcome> {
  const startedAt = Date.now();
  const ended = (failure: Omit<StageFailure, 'endedAt'>): LlmOutcome => {
    const { index } = call;
    return { ...markOf(call), index, startedAt, endedAt: Date.now(), usage: noUsage, ...failure };
  };
  const field = notText(call);
  // Without a length it would make the budget, which all workers share, no number.
  if (field) return ended(final('HW_ENRICH_FAILED', `${field} is not a text`));
  try {
    return await llmCalls.start(call, signal, turn);
  } catch (error) {
    signal.throwIfAborted();
    const isKnown = error instanceof HeadwayError || error instanceof APIError || isUnavailable(error);
    const name = error instanceof Error ? `${error.name}: ` : '';
    return ended(
      isKnown
        ? classifyError(error)
        : final('HW_INTERNAL', `The call could not be made: ${name}${messageOf(error)}`),
    );
  }
}

function notText({ prompt }: LlmCall): string | undefined {
  // Made by code of a pipeline, which may be JavaScript, and carried by a workflow that does not look at it.
  const { instructions, input } = (prompt ?? {}) as Partial<typeof prompt>;
  if (typeof instructions !== 'string') return 'instructions of the prompt';
  return typeof input === 'string' ? undefined : 'input of the prompt';
}

function final(code: ErrorCode, message: string): Omit<StageFailure, 'endedAt'> {
  return { kind: 'final', code, message };
}
