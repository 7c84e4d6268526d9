import { existsSync } from 'node:fs';
import { IllegalStateError } from '@temporalio/common';
import { Runtime, makeTelemetryFilterString } from '@temporalio/worker';
import { HeadwayError } from '../contracts/errors';
import { loadRegistry } from '../pipelines/load-pipelines';
import { loadConfig } from '../runtime/config/config';
import { createLogger, type Logger } from '../runtime/logger';
import { createMetrics, workerMetrics } from '../runtime/metrics';
import { requireKeys } from '../runtime/payload-keys/require-keys';
import { isInstalled } from '../runtime/project-root';
import type { RunOptions } from '../runtime/run-options';
import { startStatusServer, type Readiness } from '../runtime/status-server';
import { bundlePath } from './bundle-path';
import { checkPrices } from './check-prices';
import { toSdkLogger } from './sdk-logger';
import { startWorker } from './start-worker';

/** A worker, until its shutdown. Configured by the variables of `env`. */
export async function runWorker({ env, pipelines: given, openShutdown }: RunOptions): Promise<void> {
  const config = loadConfig(env);
  if (!existsSync(bundlePath)) {
    throw new HeadwayError(
      'HW_CONFIG_INVALID',
      `The workflow bundle is missing; ${isInstalled() ? 'install the package again' : 'make it with: npm run build'}`,
    );
  }
  const { pipelines, pipelineNamed } = await loadRegistry(config.pipelines, { given });
  checkPrices(pipelines, config.llm);
  requireKeys(pipelines, config.temporal);
  const logger = createLogger(config.log, 'worker');
  installRuntime(logger);
  const shutdown = openShutdown(logger, { deadlineMs: config.worker.shutdownGraceMs + 20_000 });
  const metrics = createMetrics('worker');

  let readiness = (): Readiness => ({ temporal: 'connecting' });
  const status = await startStatusServer({ ...config.status, metrics, logger, readiness: () => readiness() });
  shutdown.add('status server', () => status.stop());

  const { llm } = config;
  if (llm.simulated) {
    logger.warn(
      { baseUrl: llm.baseUrl },
      'LLM SIMULATOR: no OPENAI_API_KEY is set, so all answers are made up',
    );
  }
  if (llm.replay !== undefined) {
    logger.warn({ folder: llm.replay }, 'LLM_REPLAY: answers come out of a recording, and no LLM is asked');
  }
  if (llm.record !== undefined) {
    logger.warn({ folder: llm.record }, 'LLM_RECORD: prompts and answers are written into this folder');
  }
  const worker = await startWorker({
    config,
    logger,
    shutdown,
    metrics: workerMetrics(metrics),
    pipelineNamed,
  });
  readiness = worker.readiness;
  const names = pipelines.map(({ name }) => name);
  const { version } = config.worker;
  logger.info(
    { llm: llm.mode, model: llm.model, taskQueue: config.temporal.taskQueue, version, pipelines: names },
    'worker is up',
  );
  await worker.stopped;
}

/** There is one for all workers of a process. Where a program has two of ours, or workers of its own, the first one stays. */
function installRuntime(logger: Logger): void {
  try {
    Runtime.install({
      logger: toSdkLogger(logger),
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN' }), forward: {} } },
      // The SDK must not stop its workers by itself: they are one step of the shutdown.
      shutdownSignals: [],
    });
  } catch (error) {
    if (!(error instanceof IllegalStateError)) throw error;
    logger.debug('the Temporal runtime of this process is there already, and stays as it is');
  }
}
