import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { KafkaJSError, type Kafka } from 'kafkajs';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { Config } from '../../runtime/config/config';
import { isRefusedForGood } from '../../runtime/kafka/errors';
import { readTopicSettings } from '../../runtime/kafka/topic-settings';
import type { Logger } from '../../runtime/logger';
import { isRefusal } from '../../runtime/temporal';

export interface CheckRetentionOptions {
  kafka: Pick<Kafka, 'admin'>;
  client: Pick<Client, 'withDeadline' | 'workflowService'>;
  config: Pick<Config, 'bridge' | 'topics' | 'jobIds'> & { temporal: Pick<Config['temporal'], 'namespace'> };
  logger: Logger;
  /** Ends a wait for servers that are away. */
  signal?: AbortSignal;
  /** Longest wait for Kafka, in milliseconds. Default: 30,000. */
  answerMs?: number;
  /** Pause before servers that are away are asked again, in milliseconds. Default: 2,000. */
  retryAfterMs?: number;
}

const RETRY_AFTER_MS = 2_000;

/**
 * A redelivered record is recognised only as long as Temporal remembers its workflow, and a job id as long as the ledger does. Says
 * for how long that is, and warns when the queue topic keeps records longer, or when it cannot find out. Under `BRIDGE_STRICT_RETENTION` it
 * waits for servers that are away.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` instead of warning, under `BRIDGE_STRICT_RETENTION`; the reason of `signal`
 */
export async function checkRetention(options: CheckRetentionOptions): Promise<void> {
  const { config, logger } = options;
  const { namespace } = config.temporal;
  const { queue } = config.topics;
  const retention = await readRetention(options);
  if (!retention) return;
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

/** Undefined when it cannot be found out, which has been said then. */
async function readRetention(options: CheckRetentionOptions): Promise<Retention | undefined> {
  const { kafka, client, config, logger, signal, answerMs, retryAfterMs = RETRY_AFTER_MS } = options;
  const { namespace } = config.temporal;
  const { queue } = config.topics;
  for (;;) {
    signal?.throwIfAborted();
    let asked = `Temporal namespace ${namespace}`;
    try {
      const workflows = await namespaceRetentionMs(client, namespace);
      asked = `topic ${queue}`;
      const records = await topicRetentionMs(kafka, queue, answerMs);
      return { workflows, records, jobIds: config.jobIds.ledger?.retentionMs };
    } catch (error) {
      const reason = messageOf(error);
      if (!config.bridge.strictRetention) {
        logger.warn({ reason }, 'could not compare the retention of namespace and topic');
        return undefined;
      }
      if (isLasting(error)) {
        const message = `BRIDGE_STRICT_RETENTION is set, and the retention of ${asked} could not be read: ${reason}`;
        throw new HeadwayError('HW_CONFIG_INVALID', message, { cause: error });
      }
      logger.warn(
        { reason, retryInMs: retryAfterMs },
        `BRIDGE_STRICT_RETENTION is set: waiting for the retention of ${asked}`,
      );
      await delay(retryAfterMs, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}

/** A right is missing, or the login was refused: it stays like that until somebody changes it. */
function isLasting(error: unknown): boolean {
  // The codes of Kafka are numbers too, and others than those of gRPC.
  return error instanceof KafkaJSError ? isRefusedForGood(error) : isRefusal(error);
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
async function topicRetentionMs(
  kafka: Pick<Kafka, 'admin'>,
  topic: string,
  answerMs?: number,
): Promise<number> {
  const [settings] = await readTopicSettings(kafka, [topic], ['retention.ms', 'cleanup.policy'], answerMs);
  const retentionMs = Number(settings?.get('retention.ms') ?? -1);
  const deletes = (settings?.get('cleanup.policy') ?? 'delete').includes('delete');
  return deletes && retentionMs >= 0 ? retentionMs : Infinity;
}

function time(ms: number): string {
  return ms === Infinity ? 'for ever' : `for ${Math.round(ms / 360_000) / 10} h`;
}
