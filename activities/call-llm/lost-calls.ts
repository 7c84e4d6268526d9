import type { LlmCall, LlmHandle, LlmOutcome } from '../../contracts/stages';
import type { LlmCalls } from './llm-calls';

/**
 * Calls of earlier attempts of an activity, which ended with the processes that held them open. Nobody can say what became of them, so each counts as a call of
 * unknown cost of its job.
 */
export interface LostCalls {
  /** For each job one that stands for all. To be told in each heartbeat, so that attempts after this one know of them. */
  handles: LlmHandle[];
  /** Settles what was set aside for their cost. Never throws. */
  settle(llmCalls: Pick<LlmCalls, 'cancel'>): Promise<void>;
  /** The same call, of a job that may have spent as much more. */
  charge(call: LlmCall): LlmCall;
  /** The same outcome, which tells of them as well. */
  addTo(outcome: LlmOutcome): LlmOutcome;
}

/** @param told the handles in the last heartbeat before this attempt */
export function lostCalls(told: LlmHandle[]): LostCalls {
  const ended = told.filter(({ heldOpen }) => heldOpen);
  const byIndex = new Map<number, LlmHandle>();
  for (const handle of ended) {
    const { index, held, lost = 1 } = handle;
    const before = byIndex.get(index);
    const nanoUsd = sum(before?.held?.nanoUsd, held?.nanoUsd);
    byIndex.set(index, {
      ...handle,
      lost: lost + (before?.lost ?? 0),
      held: nanoUsd === undefined ? undefined : { nanoUsd },
    });
  }
  return {
    handles: [...byIndex.values()],

    async settle(llmCalls) {
      const setAside = ended.filter(({ held }) => held?.id !== undefined);
      await Promise.all(setAside.map((handle) => llmCalls.cancel(handle)));
    },

    charge(call) {
      const { held } = byIndex.get(call.index) ?? {};
      if (!held || !call.account) return call;
      const { account } = call;
      return { ...call, account: { ...account, spentNanoUsd: sum(account.spentNanoUsd, held.nanoUsd) } };
    },

    addTo(outcome) {
      const lost = byIndex.get(outcome.index);
      if (!lost) return outcome;
      const { usage, atMostNanoUsd } = outcome;
      return {
        ...outcome,
        usage: { ...usage, llmCalls: usage.llmCalls + (lost.lost ?? 1), costNanoUsd: undefined },
        atMostNanoUsd: sum(usage.costNanoUsd ?? atMostNanoUsd, lost.held?.nanoUsd),
      };
    },
  };
}

/** Undefined when neither is known. */
function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined && other === undefined ? undefined : (one ?? 0) + (other ?? 0);
}
