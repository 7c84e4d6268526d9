import type { Client } from '@temporalio/client';
import { ConfigResourceTypes, type Kafka } from 'kafkajs';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config';
import type { Logger } from '../../runtime/logger';

export interface CheckRetentionOptions {
  kafka: Kafka;
  client: Client;
  config: Pick<Config, 'bridge' | 'topics' | 'temporal'>;
  logger: Logger;
}

/**
 * A redelivered record is recognised only as long as Temporal remembers its workflow. Warns when the queue topic keeps records
 * longer than that.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` instead of warning, under `BRIDGE_STRICT_RETENTION`
 */
export async function checkRetention({
  kafka,
  client,
  config,
  logger,
}: CheckRetentionOptions): Promise<void> {
  const { namespace } = config.temporal;
  try {
    const described = await client.withDeadline(Date.now() + 10_000, () =>
      client.workflowService.describeNamespace({ namespace }),
    );
    const workflowMs = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
    const topicMs = await topicRetentionMs(kafka, config.topics.queue);
    if (topicMs !== -1 && topicMs <= workflowMs) return;
    const kept = topicMs === -1 ? 'for ever' : `for ${hours(topicMs)} h`;
    const message =
      `Temporal namespace ${namespace} remembers workflows for ${hours(workflowMs)} h, but topic ${config.topics.queue} ` +
      `keeps records ${kept}: an offset reset further back would run jobs a second time`;
    if (config.bridge.strictRetention) {
      throw new HeadwayError('HW_CONFIG_INVALID', `BRIDGE_STRICT_RETENTION is set, and ${message}`);
    }
    logger.warn(message);
  } catch (error) {
    if (error instanceof HeadwayError) throw error;
    logger.warn({ reason: messageOf(error) }, 'could not compare the retention of namespace and topic');
  }
}

async function topicRetentionMs(kafka: Kafka, topic: string): Promise<number> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  await admin.connect();
  try {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] };
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    return Number(resources[0]?.configEntries[0]?.configValue ?? -1);
  } finally {
    await admin.disconnect();
  }
}

function hours(ms: number): number {
  return Math.round(ms / 360_000) / 10;
}
