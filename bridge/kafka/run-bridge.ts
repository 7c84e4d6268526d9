import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import { createKafka } from '../../runtime/kafka/client';
import { createLogger } from '../../runtime/logger';
import { bridgeMetrics, createMetrics } from '../../runtime/metrics';
import { requireKeys } from '../../runtime/payload-keys/require-keys';
import type { RunOptions } from '../../runtime/run-options';
import { startStatusServer, type Readiness } from '../../runtime/status-server';
import { connectTemporalClient } from '../../runtime/temporal';
import { openJobIdLedger } from '../open-job-id-ledger';
import { createBridge } from './bridge';
import { checkDeadLetterTopic } from './check-dead-letter-topic';
import { checkRetention } from './check-retention';

/** The Kafka door, until its shutdown. Configured by the variables of `env`. */
export async function runKafkaBridge(options: RunOptions): Promise<void> {
  const { env = process.env, pipelines: given, openShutdown } = options;
  const config = loadConfig(env, [
    'kafka',
    'topics',
    'temporal',
    'bridge',
    'jobIds',
    'pipelines',
    'status',
    'log',
  ]);
  const { pipelines, pipelineNamed } = await loadRegistry(config.pipelines, { given });
  requireKeys(pipelines, config.temporal);
  const logger = createLogger(config.log, 'bridge');
  const shutdown = openShutdown(logger);
  const metrics = createMetrics('bridge');
  const kafka = createKafka(config.kafka, logger);

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
  waitingFor = 'kafka';
  await checkRetention({ kafka, client, config, logger, signal: shutdown.signal });
  await checkDeadLetterTopic({ kafka, topics: config.topics, logger });
  waitingFor = 'ledger';
  const ledger =
    config.jobIds.ledger &&
    (await openJobIdLedger(config.jobIds.ledger, { logger, signal: shutdown.signal }));
  shutdown.add('job-id ledger', () => ledger?.close());

  const bridge = createBridge({
    kafka,
    client,
    config,
    pipelineNamed,
    ledger,
    logger,
    metrics: bridgeMetrics(metrics),
  });
  readiness = () => bridge.readiness();
  shutdown.add('bridge', () => bridge.stop());
  logger.info(
    { topic: config.topics.queue, group: config.bridge.groupId, packMax: config.bridge.packMax },
    'bridge is up',
  );
  await bridge.run();
}
