import { randomUUID } from 'node:crypto';
import { messageOf } from '../../../contracts/errors';
import type { Database } from '../../../pipelines/define-pipeline';
import type { Config } from '../../../runtime/config/config';
import type { Logger } from '../../../runtime/logger';
import type { WorkerMetrics } from '../../../runtime/metrics';
import { createSeldom } from '../../../runtime/seldom';
import { createBudgetStore } from './budget-store';
import { CallBudget, type CallBudgetMetrics } from './call-budget';
import { lacksMigration } from './lacks-migration';

const TELL_EVERY_MS = 60_000;
const AWAY =
  'the shared LLM budget in PostgreSQL (stack/postgres/migrations/003_llm_budgets.sql) does not answer; this worker goes on with the share it had';
const LACKS =
  'PostgreSQL lacks tables or columns of the shared LLM budget, so workers share no limit and keep to none that the provider tells: run stack/postgres/migrations/003_llm_budgets.sql and 006_llm_token_counts.sql; no worker has to be started anew';

export interface OpenBudgetsOptions {
  llm: Pick<Config['llm'], 'baseUrl' | 'limits'>;
  database: Database;
  logger?: Pick<Logger, 'warn'>;
  metrics?: Pick<WorkerMetrics, 'llmBudget'>;
}

export interface Budgets {
  of: (model: string) => CallBudget;
  /** Gives back what this process holds. */
  close(): Promise<void>;
}

/** The budgets of this process, one for each model, which all processes at the same provider and database share. */
export function openBudgets({ llm, database, logger, metrics }: OpenBudgetsOptions): Budgets {
  const store = createBudgetStore(database, randomUUID());
  const provider = new URL(llm.baseUrl ?? 'https://api.openai.com').host;
  const seldom = createSeldom(TELL_EVERY_MS);
  const budgets = new Map<string, CallBudget>();
  const once = createSeldom(Infinity);
  const onStoreTrouble = (error: unknown) => {
    if (lacksMigration(error))
      return once('migration', () => logger?.warn({ reason: messageOf(error) }, LACKS));
    seldom('store', (times) => logger?.warn({ reason: messageOf(error), times }, AWAY));
  };

  return {
    of(model) {
      const known = budgets.get(model);
      if (known) return known;
      const budget = new CallBudget({
        name: `${provider}/${model}`,
        store,
        configured: llm.limits[model] ?? {},
        onStoreTrouble,
        metrics: metrics && countersOf(metrics.llmBudget, model),
      });
      budgets.set(model, budget);
      return budget;
    },
    async close() {
      await Promise.all([...budgets.values()].map((budget) => budget.close()));
    },
  };
}

function countersOf(metrics: WorkerMetrics['llmBudget'], model: string): CallBudgetMetrics {
  return {
    taken({ requests, tokens }) {
      metrics.taken.inc({ model, unit: 'requests' }, requests);
      metrics.taken.inc({ model, unit: 'tokens' }, tokens);
    },
    waited: (seconds) => metrics.wait.observe({ model }, seconds),
    sentBack: () => metrics.sentBack.inc({ model }),
    answered: (status) =>
      metrics.requests.inc({
        model,
        answer: status === 429 ? 'rate_limited' : status < 300 ? 'taken' : 'refused',
      }),
    state({ waiting, limits }) {
      metrics.waiting.set({ model }, waiting);
      for (const unit of ['requests', 'tokens'] as const) {
        const limit = limits[unit];
        if (limit !== undefined) metrics.limit.set({ model, unit }, limit);
      }
    },
  };
}
