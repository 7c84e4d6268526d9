import { markOf } from '../../contracts/confidential';
import type { LlmCalls } from './llm-calls';

/** The same calls, but what becomes of those of confidential jobs carries their mark, however they are made and awaited. */
export function markOutcomes(calls: LlmCalls): LlmCalls {
  return {
    heldBy: calls.heldBy,
    start: async (call, signal, turn) => ({ ...(await calls.start(call, signal, turn)), ...markOf(call) }),
    wait: async (handle, signal, turn) => ({
      ...(await calls.wait(handle, signal, turn)),
      ...markOf(handle),
    }),
    settle: (handle, outcome) => calls.settle?.(handle, outcome),
    cancel: (handle, turn) => calls.cancel(handle, turn),
  };
}
