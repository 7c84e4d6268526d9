import type { Client } from '@temporalio/client';
import type { Kafka } from '../../runtime/kafka/client';
import { sendRecords } from '../../runtime/kafka/send';
import { readLlmCalls } from './count-llm-calls';
import { toRecord } from './missing-results';
import { reconcile, type OnProgress } from './reconcile';
import type { AuditReport } from './report';
import type { RangeSelection } from './select-ranges';
import { createKafkaSource, type Topics } from './source';
import { createWorkflowLookup } from './workflow-lookup';

export interface AuditOptions {
  kafka: Kafka;
  client: Client;
  topics: Topics;
  /** Consumer group of the bridges. */
  groupId: string;
  /** `JOB_ID_DEDUPE=ledger`: a record whose job id came before is a duplicate, and not lost. Default: false. */
  jobIdsOnce?: boolean;
  /** How long the ledger keeps an id, in milliseconds. Default: 8 days. */
  jobIdRetentionMs?: number;
  /** Default: every record there is. */
  select?: RangeSelection;
  /** Address of the LLM simulator, whose counters tell of calls made twice. */
  simulatorUrl?: string;
  /** Publishes a `failed` result for each lost job whose workflow somebody terminated. Default: false, it only reads. */
  publishMissing?: boolean;
  /** Only for workflows that have been closed for so long, in milliseconds. Default: a minute. */
  settledAfterMs?: number;
  /** How many examples of each kind the report names. Default: 10. */
  examples?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/**
 * Says for every record of the queue topic, or of a range of it, what became of it. It may run at any time, jobs under way
 * included, and only reads unless it is told to publish what is missing.
 *
 * @throws HeadwayError `HW_CONFIG_INVALID` when a topic or partition does not exist; what kept Kafka or Temporal from answering;
 * the reason of `signal`
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  const { kafka, client, topics, groupId, select, simulatorUrl, signal } = options;
  const { report } = await reconcile({
    source: createKafkaSource({ kafka, topics, groupId, select, signal }),
    lookup: createWorkflowLookup(client, topics.queue),
    topic: topics.queue,
    group: groupId,
    jobIdsOnce: options.jobIdsOnce ?? false,
    jobIdRetentionMs: options.jobIdRetentionMs,
    readLlmCalls: simulatorUrl === undefined ? undefined : () => readLlmCalls(simulatorUrl, signal),
    examples: options.examples,
    publishMissing: options.publishMissing
      ? (results) => sendRecords(kafka, topics.results, results.map(toRecord))
      : undefined,
    settledAfterMs: options.settledAfterMs,
    onProgress: options.onProgress,
    signal,
  });
  return report;
}
