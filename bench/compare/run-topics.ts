import { setTimeout as delay } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import type { RunContext } from '../contenders/contender';

const LEADERS_MS = 30_000;

/** Resolves when every partition has a leader. */
export async function createTopics(
  kafka: Kafka,
  topics: RunContext['topics'],
  partitions: number,
): Promise<void> {
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({
      waitForLeaders: false,
      topics: [
        { topic: topics.queue, numPartitions: partitions },
        { topic: topics.results, numPartitions: 4 },
        { topic: topics.dlq, numPartitions: 1 },
      ],
    });
    const giveUpAt = Date.now() + LEADERS_MS;
    while (!(await haveLeaders(admin, Object.values(topics)))) {
      if (Date.now() > giveUpAt) throw new Error('the topics of the run got no leaders');
      await delay(100);
    }
  });
}

export async function deleteTopics(kafka: Kafka, topics: RunContext['topics']): Promise<void> {
  await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: Object.values(topics) }));
}

/** A broker that has just made a topic may not know it yet; kafkajs takes that for an error. */
async function haveLeaders(admin: Admin, names: string[]): Promise<boolean> {
  const metadata = await admin.fetchTopicMetadata({ topics: names }).catch(() => undefined);
  return metadata?.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)) ?? false;
}

async function withAdmin(kafka: Kafka, work: (admin: Admin) => Promise<unknown>): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
