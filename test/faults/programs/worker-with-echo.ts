import { Runtime } from '@temporalio/worker';
import { loadConfig } from '../../../runtime/config/config';
import { createLogger } from '../../../runtime/logger';
import { createMetrics, workerMetrics } from '../../../runtime/metrics';
import { onShutdown } from '../../../runtime/shutdown';
import { toSdkLogger } from '../../../workers/sdk-logger';
import { startWorker } from '../../../workers/start-worker';
import { echo } from './echo-pipeline';

/** A worker whose only pipeline is `echo`. */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.log, 'worker');
  Runtime.install({ logger: toSdkLogger(logger), shutdownSignals: [] });
  const metrics = workerMetrics(createMetrics('worker'));
  await startWorker({ config, logger, shutdown: onShutdown(logger), metrics, pipelineNamed: () => echo });
  process.stdout.write('worker is up\n');
}

void main();
