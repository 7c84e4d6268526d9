import type { Kafka } from 'kafkajs';
import { createProducer } from './producer';

export interface OutgoingRecord {
  key: string;
  value: string;
  headers: Record<string, string>;
}

/** Records of one request. */
const BATCH = 500;

/**
 * Writes records with a producer of its own, idempotent. When it returns, all in-sync replicas have all of them.
 *
 * @throws what kept Kafka from taking them; some may be written by then
 */
export async function sendRecords(kafka: Kafka, topic: string, records: OutgoingRecord[]): Promise<void> {
  const producer = createProducer(kafka, {
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  });
  try {
    await producer.connect();
    for (let from = 0; from < records.length; from += BATCH) {
      await producer.send({ topic, acks: -1, messages: records.slice(from, from + BATCH) });
    }
  } finally {
    await producer.disconnect();
  }
}
