import { randomUUID } from 'node:crypto';
import type { EachMessagePayload, Kafka, KafkaMessage } from 'kafkajs';
import { HeadwayError } from '../contracts/errors';

/** Offset to read next, by partition. */
export type Positions = ReadonlyMap<number, bigint>;

/** Where a topic ends now. Throws HW_CONFIG_INVALID, naming the variable, when there is no such topic. */
export async function endOf(kafka: Kafka, topic: string, variable: string): Promise<Positions> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = await admin.listTopics();
    if (!topics.includes(topic)) {
      throw new HeadwayError(
        'HW_CONFIG_INVALID',
        `${variable}: the Kafka at KAFKA_BROKERS has no topic ${topic}.`,
      );
    }
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
  } finally {
    await admin.disconnect();
  }
}

export interface FollowOptions {
  kafka: Kafka;
  /** What to read, and from where. */
  from: ReadonlyMap<string, Positions>;
  /** Called once for each record at or behind these positions. */
  onRecord: (topic: string, message: KafkaMessage) => void;
  /** The consumer is gone for good. */
  onEnd: (error: Error) => void;
}

/** Reads topics in a consumer group of its own. Resolves when it reads. Returns the way to stop it. */
export async function followTopics({
  kafka,
  from,
  onRecord,
  onEnd,
}: FollowOptions): Promise<() => Promise<void>> {
  const next = new Map([...from].map(([topic, positions]) => [topic, new Map(positions)]));
  const consumer = kafka.consumer({
    groupId: `headway-demo-${randomUUID()}`,
    maxWaitTimeInMs: 500,
    allowAutoTopicCreation: false,
  });
  const joined = new Promise<void>((resolve, reject) => {
    consumer.on('consumer.crash', ({ payload }) => {
      if (payload.restart) return;
      reject(payload.error);
      onEnd(payload.error);
    });
    // Nothing is committed, so after each assignment, also a second one, we say where to go on.
    consumer.on('consumer.group_join', () => {
      for (const [topic, positions] of next) {
        for (const [partition, offset] of positions)
          consumer.seek({ topic, partition, offset: String(offset) });
      }
      resolve();
    });
  });
  const take = ({ topic, partition, message }: EachMessagePayload) => {
    const positions = next.get(topic);
    const offset = BigInt(message.offset);
    if (positions === undefined || offset < (positions.get(partition) ?? 0n)) return;
    positions.set(partition, offset + 1n);
    onRecord(topic, message);
  };
  await consumer.connect();
  await consumer.subscribe({ topics: [...from.keys()], fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: async (payload) => take(payload) });
  await joined;
  return () => consumer.disconnect();
}
