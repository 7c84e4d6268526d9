import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, KafkaJSError } from 'kafkajs';
import { withAdmin } from './admin';

export interface TopicsOptions {
  brokers: readonly string[];
  queue: string;
  results: string;
  dlq: string;
  /** Of the queue and of the results topic. */
  partitions: number;
  replicas: number;
}

/** Of the queue and the results topic: records of 20 MB and more pass. */
export const recordMaxBytes = 32 * 1024 * 1024;
/** A dead letter is its record and some headers more. Also what the brokers take where a topic does not say. */
export const deadLetterMaxBytes = recordMaxBytes + 1024 * 1024;

const day = 24 * 60 * 60 * 1_000;
const leadersTimeoutMs = 30_000;

/**
 * Creates the three topics where they do not exist; existing ones stay as they are.
 * Retention is a week for jobs and results, a month for dead letters, since a person has to look at those.
 */
export async function createTopics(options: TopicsOptions): Promise<void> {
  const topic = (name: string, numPartitions: number, retentionMs: number, maxBytes: number) => ({
    topic: name,
    numPartitions,
    replicationFactor: options.replicas,
    configEntries: [
      { name: 'retention.ms', value: String(retentionMs) },
      { name: 'max.message.bytes', value: String(maxBytes) },
    ],
  });
  const topics = [
    topic(options.queue, options.partitions, 7 * day, recordMaxBytes),
    topic(options.results, options.partitions, 7 * day, recordMaxBytes),
    topic(options.dlq, 3, 30 * day, deadLetterMaxBytes),
  ];
  await withAdmin(options.brokers, async (admin) => {
    await admin.createTopics({ topics, waitForLeaders: true });
    for (const { topic } of topics) await waitForLeaders(admin, topic);
  });
}

/** A leader that is named does not always know it yet, and turns the first producer away. Offsets come only from one that does. */
async function waitForLeaders(admin: Admin, topic: string): Promise<void> {
  const deadline = performance.now() + leadersTimeoutMs;
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if ((error as KafkaJSError).retriable !== true || performance.now() > deadline) throw error;
      await delay(20);
    }
  }
}
