import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import OpenAI from 'openai';
import { createActivities } from '../activities';
import { createBackgroundCalls } from '../activities/call-llm/background-calls';
import { createInlineCalls } from '../activities/call-llm/inline-calls';
import { createResultProducer } from '../activities/publish-result/result-producer';
import { HeadwayError } from '../contracts/errors';
import { pipelineNamed } from '../pipelines/registry';
import { loadConfig } from '../runtime/config';
import { createDatabase } from '../runtime/database';
import { createKafka } from '../runtime/kafka';
import { createLogger } from '../runtime/logger';
import { createMetrics, workerMetrics } from '../runtime/metrics';
import { runMain } from '../runtime/run-main';
import { onShutdown } from '../runtime/shutdown';
import { startStatusServer } from '../runtime/status-server';
import { connectTemporalWorker } from '../runtime/temporal';
import { bundlePath } from './bundle-path';
import { createWorkers } from './create-workers';
import { toSdkLogger } from './sdk-logger';

/** Bytes of a result beside its output: ids, times, metadata. */
const RESULT_ENVELOPE_BYTES = 20_000;

void runMain('worker', async () => {
  const config = loadConfig();
  if (!existsSync(bundlePath))
    throw new HeadwayError('HW_CONFIG_INVALID', 'The workflow bundle is missing: npm run build');
  const logger = createLogger(config.log, 'worker');
  Runtime.install({
    logger: toSdkLogger(logger),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
    // Ours do, in order.
    shutdownSignals: [],
  });
  const shutdown = onShutdown(logger, { deadlineMs: config.worker.shutdownGraceMs + 20_000 });
  const metrics = createMetrics('worker');
  const counted = workerMetrics(metrics);

  let ready: boolean | string = 'connecting to Temporal';
  const status = await startStatusServer({
    ...config.status,
    metrics,
    logger,
    readiness: () => ({ temporal: ready }),
  });
  shutdown.add('status server', () => status.stop());

  const database = createDatabase(config.database, counted, logger);
  shutdown.add('database', () => database.close());
  const results = createResultProducer(createKafka(config.kafka, logger), config.topics.results);
  shutdown.add('result producer', () => results.close());

  const { llm } = config;
  if (llm.simulated)
    logger.warn({ baseUrl: llm.baseUrl }, 'LLM SIMULATOR: no OPENAI_API_KEY is set, so answers are made up');
  // Temporal retries; were the client to retry too, the two would multiply.
  const client = new OpenAI({ apiKey: llm.apiKey, baseURL: llm.baseUrl, maxRetries: 0 });
  const identity = `${process.pid}@${hostname()}`;
  const ownQueue = llm.mode === 'inline' ? `${config.temporal.llmTaskQueue}-${randomUUID()}` : undefined;
  const calls = { client, model: llm.model, concurrency: llm.maxConcurrentCreates, pipelineNamed };
  const activities = createActivities({
    database,
    pipelineNamed,
    results,
    resultMaxBytes: config.results.maxBytes,
    outputMaxBytes: config.results.maxBytes - RESULT_ENVELOPE_BYTES,
    jobsFinished: counted.jobsFinished,
    llmCalls: ownQueue === undefined ? createBackgroundCalls(calls) : createInlineCalls(calls, ownQueue),
    llmMetrics: {
      ended: counted.llmCalls,
      duration: counted.llmCallDuration,
      inFlight: counted.llmCallsInFlight,
    },
  });

  const connection = await connectTemporalWorker(config.temporal, { logger, signal: shutdown.signal });
  shutdown.add('Temporal connection', () => connection.close());
  const workers = await createWorkers({ connection, config, activities, identity, ownQueue });
  const running = workers.map((worker) => worker.run());
  shutdown.add('workers', async () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(running);
  });
  ready = true;
  logger.info({ llm: llm.mode, model: llm.model, taskQueue: config.temporal.taskQueue }, 'worker is up');
  await Promise.all(running);
});
