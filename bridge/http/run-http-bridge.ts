import { asyncApiDocument } from '../../contracts/async-api';
import { jobLimits } from '../../contracts/limits';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import { createLogger } from '../../runtime/logger';
import { createMetrics, httpMetrics } from '../../runtime/metrics';
import { projectVersion } from '../../runtime/project-root';
import { requireKeys } from '../../runtime/payload-keys/require-keys';
import type { RunOptions } from '../../runtime/run-options';
import { startStatusServer, type Readiness } from '../../runtime/status-server';
import { connectTemporalClient } from '../../runtime/temporal';
import { watchServer } from '../../runtime/watch-server';
import { watchTemporal } from '../../runtime/watch-temporal';
import { createJobs } from '../jobs/create-jobs';
import { openWebhookLedger } from '../llm-webhooks/open-webhook-ledger';
import { openJobIdLedger } from '../open-job-id-ledger';
import { createHttpBridge } from './http-bridge';

/** Opens the HTTP door, which stays open until its shutdown. Configured by the variables of `env`. */
export async function runHttpBridge(options: RunOptions): Promise<void> {
  const { env = process.env, pipelines: given, openShutdown } = options;
  const config = loadConfig(env, [
    'http',
    'llmWebhooks',
    'temporal',
    'topics',
    'jobIds',
    'pipelines',
    'status',
    'log',
  ]);
  const { pipelines, pipelineNamed } = await loadRegistry(config.pipelines, { given });
  requireKeys(pipelines, config.temporal);
  const logger = createLogger(config.log, 'http');
  const shutdown = openShutdown(logger);
  const metrics = createMetrics('http');

  let waitingFor = 'temporal';
  let readiness = (): Readiness => ({ [waitingFor]: 'connecting' });
  const status = await startStatusServer({ ...config.status, metrics, logger, readiness: () => readiness() });
  shutdown.add('status server', () => status.stop());

  const client = await connectTemporalClient(config.temporal, {
    logger,
    signal: shutdown.signal,
    reportThrottling: true,
  });
  shutdown.add('Temporal connection', () => client.connection.close());
  waitingFor = 'ledger';
  const ledger =
    config.jobIds.ledger &&
    (await openJobIdLedger(config.jobIds.ledger, { logger, signal: shutdown.signal }));
  shutdown.add('job-id ledger', () => ledger?.close());
  waitingFor = 'webhooks';
  const { door } = config.llmWebhooks;
  const webhooks = door && {
    secrets: door.secrets,
    ledger: await openWebhookLedger(door.databaseUrl, logger),
  };
  shutdown.add('ledger of webhooks', () => webhooks?.ledger.close());
  waitingFor = 'door';
  const consequence = 'requests get 503';
  const temporal = watchTemporal({ temporal: client, logger, consequence });
  shutdown.add('watch over Temporal', () => temporal.stop());
  const ledgerWatch =
    ledger && watchServer({ name: 'The ledger of job ids', ask: () => ledger.probe(), logger, consequence });
  shutdown.add('watch over the ledger', () => ledgerWatch?.stop());

  const limits = jobLimits(config.temporal.payloadStore !== undefined);
  const { taskQueue, llmTaskQueue } = config.temporal;
  const jobsOf = createJobs({
    client,
    taskQueue,
    llmTaskQueue,
    queueTopic: config.topics.queue,
    pipelineNamed,
    limits,
    ledger,
  });
  const bridge = await createHttpBridge({
    config: config.http,
    jobsOf,
    pipelines,
    pipelineNamed,
    bodyMaxBytes: limits.job,
    temporal,
    asyncApi: asyncApiDocument({ topics: config.topics, version: projectVersion() }),
    webhooks,
    metrics: httpMetrics(metrics),
    logger,
  });
  const address = await bridge.listen();
  shutdown.add('HTTP door', () => bridge.stop());
  readiness = () => ({
    temporal: temporal.away() ?? true,
    ...(ledgerWatch && { ledger: ledgerWatch.away() ?? true }),
    door: shutdown.signal.aborted ? 'closing' : true,
  });
  const keys = config.http.apiKeys?.length ?? 0;
  logger.info({ address, docs: `${address}/docs`, keys }, 'HTTP door is up');
}
