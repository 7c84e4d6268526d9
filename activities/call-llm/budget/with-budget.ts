import { noUsage } from '../../../contracts/no-usage';
import type { LlmCall, LlmHandle, LlmOutcome } from '../../../contracts/stages';
import type { LlmCalls } from '../llm-calls';
import type { CallBudget, Round } from './call-budget';
import { observeLimits } from './observe-limits';
import { TokenEstimates } from './token-estimates';

/**
 * Longest wait of an activity whose calls were not made yet. What has to wait longer goes back to its workflow, which waits with a timer: that
 * costs less than an activity that heartbeats, and no call is ever made by an attempt that was given up.
 */
const PATIENCE_MS = 10_000;

export interface WithBudgetOptions {
  budgetOf: (model: string) => CallBudget;
  modelOf: (call: LlmCall) => string;
}

/** The same calls, each made when the shared budget of its model has room for it; otherwise its outcome says when to come again. */
export function withBudget(calls: LlmCalls, { budgetOf, modelOf }: WithBudgetOptions): LlmCalls {
  const estimates = new TokenEstimates();
  const rounds = new WeakMap<AbortSignal, Round>();

  /** An activity has one signal for all its calls. */
  function roundOf(signal: AbortSignal | undefined): Round {
    const round = (signal && rounds.get(signal)) ?? { waitUntil: Date.now() + PATIENCE_MS };
    if (signal) rounds.set(signal, round);
    return round;
  }

  return {
    ...calls,

    async start(call, signal, turn) {
      const { deadline } = call;
      const startedAt = Date.now();
      const model = modelOf(call);
      const budget = budgetOf(model);
      const { prompt, ...tokens } = estimates.estimate(call);
      const round = roundOf(signal);
      const taken = await budget.take(tokens, { turn, returned: call.returned, round, deadline, signal });
      if (taken.kind === 'sent-back') {
        if (deadline !== undefined && deadline <= Date.now()) return expired(call, startedAt);
        return sentBack(call, startedAt, model, taken.retryAfterMs);
      }
      const refund = () => taken.isCounted && budget.refund(tokens);
      let started: LlmHandle | LlmOutcome;
      try {
        started = await observeLimits(
          (headers) => budget.note(headers, tokens),
          () => calls.start(call, signal, turn),
        );
      } catch (error) {
        refund();
        throw error;
      }
      if ('kind' in started) {
        // A call that was refused counts as a request, but has used no tokens. One that may have been made may have used what was taken for it.
        if (started.usage.llmCalls === 0) refund();
        return started;
      }
      return { ...started, reserved: { model, tokens: taken.isCounted ? tokens.used : 0, prompt } };
    },

    settle(handle, outcome) {
      calls.settle?.(handle, outcome);
      const { reserved, pipeline } = handle;
      const used = outcome.usage.inputTokens + outcome.usage.outputTokens;
      // One that was stopped or lost may have used what was taken for it.
      if (!reserved || used === 0) return;
      estimates.learn(pipeline, reserved.prompt, outcome.usage);
      // What nothing was taken for is told by what the provider says is left.
      budgetOf(reserved.model).settle(reserved.tokens === 0 ? used : reserved.tokens, used);
    },
  };
}

function sentBack(call: LlmCall, startedAt: number, model: string, retryAfterMs: number): LlmOutcome {
  return {
    ...{ index: call.index, startedAt, endedAt: Date.now(), usage: noUsage },
    ...{ kind: 'retry', code: 'HW_LLM_RATE_LIMITED', shared: true, notMade: true, retryAfterMs },
    message: `the call waits for its turn in the requests and tokens a minute of ${model}`,
  };
}

function expired({ index }: LlmCall, startedAt: number): LlmOutcome {
  return { index, startedAt, endedAt: Date.now(), usage: noUsage, kind: 'expired' };
}
