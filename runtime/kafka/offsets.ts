import type { Admin, Kafka } from 'kafkajs';

/** What a partition holds: `from` is its oldest offset, `to` the one behind the newest that is not in an open transaction. */
export interface PartitionRange {
  partition: number;
  from: number;
  to: number;
}

export interface KafkaOffsets {
  topicExists(topic: string): Promise<boolean>;
  /** How many partitions a topic has. */
  partitions(topic: string): Promise<number>;
  /** In order of the partitions. */
  ranges(topic: string): Promise<PartitionRange[]>;
  /** For each partition the first offset with this timestamp (ms since 1970) or a later one; behind the end if there is none. */
  offsetsAt(topic: string, timestamp: number): Promise<Map<number, number>>;
  /** The next offset each partition of the group will read; a partition without a commit is absent. */
  committed(groupId: string, topic: string): Promise<Map<number, number>>;
}

/** Runs `task` with what a broker knows about offsets, and disconnects. */
export async function withOffsets<T>(kafka: Kafka, task: (offsets: KafkaOffsets) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await task(offsetsOf(admin));
  } finally {
    await admin.disconnect();
  }
}

function offsetsOf(admin: Admin): KafkaOffsets {
  return {
    topicExists: async (topic) => (await admin.listTopics()).includes(topic),
    async partitions(topic) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    },
    async ranges(topic) {
      const partitions = await admin.fetchTopicOffsets(topic);
      return partitions
        .map(({ partition, low, high }) => ({ partition, from: Number(low), to: Number(high) }))
        .sort((a, b) => a.partition - b.partition);
    },
    async offsetsAt(topic, timestamp) {
      const entries = await admin.fetchTopicOffsetsByTimestamp(topic, timestamp);
      return new Map(entries.map(({ partition, offset }) => [partition, Number(offset)]));
    },
    async committed(groupId, topic) {
      const [fetched] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const entries = (fetched?.partitions ?? []).map(
        ({ partition, offset }) => [partition, Number(offset)] as const,
      );
      return new Map(entries.filter(([, offset]) => offset >= 0));
    },
  };
}
