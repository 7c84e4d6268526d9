import type { Kafka } from 'kafkajs';
import { valueOf, type PlannedRecord } from './schedule';
import type { SendRecords } from './send-load';

interface Place {
  partition: number;
  offset: bigint;
}

export interface QueueProducer {
  send: SendRecords;
  /** Those of these records that the group has not committed. */
  uncommitted(group: string, ids: string[]): Promise<string[]>;
  close(): Promise<void>;
}

/** Writes records to the queue topic in turn over its partitions, without keys, and remembers where each of them lies. */
export async function openQueueProducer(
  kafka: Kafka,
  topic: string,
  partitions: number,
): Promise<QueueProducer> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  const admin = kafka.admin();
  await Promise.all([producer.connect(), admin.connect()]);
  const places = new Map<string, Place>();
  let turn = 0;

  async function send(records: PlannedRecord[]): Promise<void> {
    const placed = records.map((record) => ({ record, partition: turn++ % partitions }));
    const messages = placed.map(({ record, partition }) => ({
      partition,
      key: null,
      value: valueOf(record),
    }));
    const answers = await producer.send({ topic, acks: -1, messages });
    const nextOffset = new Map(
      answers.map(({ partition, baseOffset }) => [partition, BigInt(baseOffset ?? 0)] as const),
    );
    for (const { record, partition } of placed) {
      const offset = nextOffset.get(partition) ?? 0n;
      places.set(record.id, { partition, offset });
      nextOffset.set(partition, offset + 1n);
    }
  }

  return {
    send,
    async uncommitted(groupId, ids) {
      const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
      // A commit names the next record to read; -1 is none yet.
      const committed = new Map(
        offsets?.partitions.map(({ partition, offset }) => [partition, BigInt(offset)] as const),
      );
      return ids.filter((id) => {
        const place = places.get(id);
        return place !== undefined && place.offset >= (committed.get(place.partition) ?? -1n);
      });
    },
    async close() {
      await Promise.all([producer.disconnect(), admin.disconnect()]);
    },
  };
}
