import type { Client } from '@temporalio/client';
import { ConfigResourceTypes, type Kafka } from 'kafkajs';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config';
import type { Logger } from '../../runtime/logger';

export interface CheckRetentionOptions {
  kafka: Pick<Kafka, 'admin'>;
  client: Pick<Client, 'withDeadline' | 'workflowService'>;
  config: Pick<Config, 'bridge' | 'topics' | 'jobIds'> & { temporal: Pick<Config['temporal'], 'namespace'> };
  logger: Logger;
}

/**
 * A redelivered record is recognised only as long as Temporal remembers its workflow, and a job id as long as the ledger does. Says
 * for how long that is, and warns when the queue topic keeps records longer.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` instead of warning, under `BRIDGE_STRICT_RETENTION`
 */
export async function checkRetention(options: CheckRetentionOptions): Promise<void> {
  const { kafka, client, config, logger } = options;
  const { namespace } = config.temporal;
  const { queue } = config.topics;
  let retention: Retention;
  try {
    const { ledger } = config.jobIds;
    retention = {
      workflows: await namespaceRetentionMs(client, namespace),
      records: await topicRetentionMs(kafka, queue),
      jobIds: ledger?.retentionMs,
    };
  } catch (error) {
    logger.warn({ reason: messageOf(error) }, 'could not compare the retention of namespace and topic');
    return;
  }
  logger.info(coverage(retention, namespace, queue));
  const gaps = gapsOf(retention, namespace, queue);
  if (gaps.length > 0 && config.bridge.strictRetention) {
    throw new HeadwayError('HW_CONFIG_INVALID', `BRIDGE_STRICT_RETENTION is set, and ${gaps.join('; ')}`);
  }
  for (const gap of gaps) logger.warn(gap);
}

/** Milliseconds. */
interface Retention {
  workflows: number;
  /** Infinity when records are never deleted by age. */
  records: number;
  /** Absent without a ledger. */
  jobIds?: number;
}

function coverage({ workflows, records, jobIds }: Retention, namespace: string, topic: string): string {
  const ids =
    jobIds === undefined
      ? 'a job id that is sent twice makes two jobs (JOB_ID_DEDUPE=off)'
      : `a job id that is sent again is recognised ${time(jobIds)} (JOB_ID_RETENTION_HOURS)`;
  return (
    `a record that is read again is recognised ${time(workflows)} after its workflow ended (retention of Temporal namespace ` +
    `${namespace}), and topic ${topic} keeps records ${time(records)}; ${ids}`
  );
}

/** What comes again after it was forgotten. Empty when everything is covered. */
function gapsOf({ workflows, records, jobIds }: Retention, namespace: string, topic: string): string[] {
  const keeps = `topic ${topic} keeps records ${time(records)}`;
  const gaps: string[] = [];
  if (workflows < records) {
    gaps.push(
      `Temporal namespace ${namespace} remembers workflows ${time(workflows)}, but ${keeps}: an offset reset further back ` +
        'would run jobs a second time',
    );
  }
  if (jobIds !== undefined && jobIds < records) {
    gaps.push(
      `JOB_ID_RETENTION_HOURS lets the ledger remember job ids ${time(jobIds)}, but ${keeps}: an offset reset further back ` +
        'would run duplicates that were left out',
    );
  }
  return gaps;
}

async function namespaceRetentionMs(client: CheckRetentionOptions['client'], namespace: string) {
  const { config } = await client.withDeadline(Date.now() + 10_000, () =>
    client.workflowService.describeNamespace({ namespace }),
  );
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1_000;
}

/** https://kafka.apache.org/documentation/#topicconfigs_retention.ms; compaction alone deletes nothing by age. */
async function topicRetentionMs(kafka: Pick<Kafka, 'admin'>, topic: string): Promise<number> {
  const admin = kafka.admin({ retry: { retries: 2 } });
  await admin.connect();
  try {
    const configNames = ['retention.ms', 'cleanup.policy'];
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames };
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] });
    const entries = new Map(
      resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]),
    );
    const retentionMs = Number(entries.get('retention.ms') ?? -1);
    const deletes = (entries.get('cleanup.policy') ?? 'delete').includes('delete');
    return deletes && retentionMs >= 0 ? retentionMs : Infinity;
  } finally {
    await admin.disconnect();
  }
}

function time(ms: number): string {
  return ms === Infinity ? 'for ever' : `for ${Math.round(ms / 360_000) / 10} h`;
}
