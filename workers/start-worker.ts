import { hostname } from 'node:os';
import { createActivities, type Activities } from '../activities';
import { openBudgets } from '../activities/call-llm/budget/open-budgets';
import { createUsageCounter } from '../activities/call-llm/money/count-usage';
import { createSpendingStore } from '../activities/call-llm/money/spending-store';
import { openLlmCalls } from '../activities/call-llm/open-calls';
import { openLlmClient } from '../activities/call-llm/open-client';
import { NamedCalls } from '../activities/call-llm/webhooks/named-calls';
import { createWebhookStore } from '../activities/call-llm/webhooks/webhook-store';
import { withinLimits } from '../activities/call-llm/within-limits';
import { createResultProducer } from '../activities/publish-result/result-producer';
import { jobLimits, RESULT_ENVELOPE_BYTES } from '../contracts/limits';
import type { Pipeline } from '../pipelines/define-pipeline';
import { pipelineNamed as installedPipeline } from '../pipelines/registry';
import type { Config } from '../runtime/config/config';
import { createDatabase } from '../runtime/database';
import { dailyCeiling } from '../runtime/llm-money';
import { createKafka } from '../runtime/kafka/client';
import type { Logger } from '../runtime/logger';
import type { WorkerMetrics } from '../runtime/metrics';
import type { Shutdown } from '../runtime/shutdown';
import type { Readiness } from '../runtime/status-server';
import { connectTemporalWorker } from '../runtime/temporal';
import { watchTemporal } from '../runtime/watch-temporal';
import { within } from '../runtime/within';
import { createWorkers } from './create-workers';
import { resultLimit } from './result-limit';
import { tellVersion } from './tell-version';

export interface StartWorkerOptions {
  config: Config;
  logger: Logger;
  metrics: WorkerMetrics;
  /** Everything started here is stopped by it, in order. */
  shutdown: Shutdown;
  /** Lets a test come between the engine and an activity. */
  wrapActivities?: (activities: Activities) => Activities;
  /** Default: the installed pipelines. */
  pipelineNamed?: (name: string) => Pipeline;
}

/** Leases of budget are small and few, and all calls wait for them. */
const BEFORE_ALL = { priorityKey: 0 };
/** For costs of calls that have ended, when the worker stops. */
const WRITES_MS = 5_000;

/**
 * Connects everything a worker process needs and lets it work. Waits while Temporal is away.
 *
 * @returns `stopped`, which resolves when the workers have stopped and rejects when one of them fails; `readiness` says
 * whether Temporal answers, and for each task queue whether it is worked on
 */
export async function startWorker(
  options: StartWorkerOptions,
): Promise<{ stopped: Promise<void>; readiness: () => Readiness }> {
  const { config, logger, metrics, shutdown, wrapActivities = (activities) => activities } = options;
  const { pipelineNamed = installedPipeline } = options;
  const { llm, temporal } = config;
  const modelOf = ({ model = llm.model }: { model?: string }) => model;
  const limits = jobLimits(temporal.payloadStore !== undefined);

  const database = createDatabase(config.database, metrics, logger);
  shutdown.add('database', () => database.close());
  const kafka = createKafka(config.kafka, logger);
  const results = createResultProducer(kafka, config.topics.results);
  shutdown.add('result producer', () => results.close());

  const { maxBytes } = config.results;
  const resultMaxBytes = await resultLimit({ kafka, topic: config.topics.results, maxBytes, logger });

  const { client, close } = openLlmClient(llm, logger);
  shutdown.add('LLM client', close);
  const namedCalls = new NamedCalls({ store: createWebhookStore(database.inTurn(BEFORE_ALL)), logger });
  shutdown.add('LLM webhooks', () => namedCalls.close());
  const calls = {
    following: { namedCalls, polls: metrics.llmPolls },
    ...{ client, model: llm.model, concurrency: llm.maxConcurrentCreates },
    ...{ pipelineNamed, limits, logger, prices: llm.prices },
  };
  const { llmCalls, ownQueue } = openLlmCalls(llm.mode, temporal.llmTaskQueue, calls);
  const budgets = openBudgets({ llm, database: database.inTurn(BEFORE_ALL), logger, metrics });
  shutdown.add('LLM budgets', () => budgets.close());
  const writes = new Set<Promise<void>>();
  shutdown.add('costs of LLM calls', () =>
    within(
      WRITES_MS,
      Promise.all(writes).then(() => undefined),
      () => undefined,
    ),
  );
  const limitedCalls = withinLimits(llmCalls, {
    budgetOf: budgets.of,
    prices: llm.prices,
    modelOf,
    dailyCeilingOf: (tenant) => dailyCeiling(llm.dailyCeilings, tenant),
    spending: createSpendingStore(database.inTurn(BEFORE_ALL)),
    ...{ writes, logger },
  });
  const activities = createActivities({
    database,
    pipelineNamed,
    limits,
    results,
    outputMaxBytes: resultMaxBytes - RESULT_ENVELOPE_BYTES,
    jobsFinished: metrics.jobsFinished,
    logger,
    llmCalls: limitedCalls,
    modelOf,
    countUsage: createUsageCounter(metrics.llmUsage, {
      model: llm.model,
      tenantsMax: config.status.tenantsMax,
    }),
    llmMetrics: {
      ended: metrics.llmCalls,
      duration: metrics.llmCallDuration,
      inFlight: metrics.llmCallsInFlight,
    },
  });

  const connection = await connectTemporalWorker(temporal, { logger, signal: shutdown.signal });
  shutdown.add('Temporal connection', () => connection.close());
  const temporalWatch = watchTemporal({
    temporal: connection,
    logger,
    consequence: 'what is under way goes on, and waits for it',
    everyMsAway: 2_000,
  });
  shutdown.add('Temporal watch', () => Promise.resolve(temporalWatch.stop()));
  const workers = await createWorkers({
    connection,
    config,
    activities: wrapActivities(activities),
    identity: `${process.pid}@${hostname()}`,
    ownQueue,
  });
  const running = workers.map((worker) => worker.run());
  shutdown.add('workers', async () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running);
  });
  const { version } = config.worker;
  if (version) {
    const { namespace } = temporal;
    void tellVersion({ temporal: connection, namespace, version, logger, signal: shutdown.signal });
  }
  return {
    stopped: Promise.all(running).then(() => undefined),
    readiness: () => ({
      temporal: temporalWatch.away() ?? true,
      ...Object.fromEntries(
        workers.map((worker) => [
          worker.options.taskQueue,
          worker.getState() === 'RUNNING' || `is ${worker.getState()}`,
        ]),
      ),
    }),
  };
}
