import type { Admin } from 'kafkajs';
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

const day = 24 * 60 * 60 * 1_000;

/**
 * Creates the three topics where they do not exist; existing ones stay as they are.
 * Retention is a week for jobs and results, a month for dead letters, since a person has to look at those.
 */
export async function createTopics(options: TopicsOptions): Promise<void> {
  const topic = (name: string, numPartitions: number, retentionMs: number) => ({
    topic: name,
    numPartitions,
    replicationFactor: options.replicas,
    configEntries: [{ name: 'retention.ms', value: String(retentionMs) }],
  });
  const topics = [
    topic(options.queue, options.partitions, 7 * day),
    topic(options.results, options.partitions, 7 * day),
    topic(options.dlq, 3, 30 * day),
  ];
  const create = async (admin: Admin) => {
    await admin.createTopics({ topics, waitForLeaders: true });
    // A leader that was named may not know it yet, and turns the first producer away. Asking it for offsets waits for that.
    for (const { topic } of topics) await admin.fetchTopicOffsets(topic);
  };
  await withAdmin(options.brokers, create, 20);
}
