import { createLogger } from '../../../runtime/logger';
import { loadConfig } from '../../../runtime/config/config';
import { createMetrics, workerMetrics } from '../../../runtime/metrics';
import { onShutdown } from '../../../runtime/shutdown';
import { startWorker } from '../../../workers/start-worker';

/** A worker that is killed at once after its first results were published, before Temporal hears of it. */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.log, 'worker');
  await startWorker({
    config,
    logger,
    shutdown: onShutdown(logger),
    metrics: workerMetrics(createMetrics('worker')),
    wrapActivities: (activities) => ({
      ...activities,
      async publishResults(request) {
        const response = await activities.publishResults(request);
        process.kill(process.pid, 'SIGKILL');
        return response;
      },
    }),
  });
  process.stdout.write('worker is up\n');
}

void main();
