import { withBudget, type WithBudgetOptions } from './budget/with-budget';
import type { LlmCalls } from './llm-calls';
import { withCeilings, type WithCeilingsOptions } from './money/with-ceilings';

/**
 * The same calls, each made when no ceiling of costs forbids it and the shared budget of its model has room. In this order: a call that may not be made takes
 * no request from others. What was set aside for its cost is free again when it has to wait for its turn elsewhere.
 */
export function withinLimits(calls: LlmCalls, options: WithBudgetOptions & WithCeilingsOptions): LlmCalls {
  return withCeilings(withBudget(calls, options), options);
}
