import type { Kafka, Producer } from 'kafkajs';
import { toDeadLetterHeaders } from '../../contracts/dead-letter';
import type { Poison } from './cut-pack';

export interface DeadLetters {
  /**
   * Resolves once all in-sync replicas have them. Key, value and headers stay as they were.
   *
   * @throws what kept Kafka from taking them
   */
  send(poison: Poison[]): Promise<void>;
  close(): Promise<void>;
}

/** Writes to the dead-letter topic. Connects with the first one. */
export function createDeadLetters(kafka: Kafka, topic: string, group: string): DeadLetters {
  let connected: Promise<Producer> | undefined;

  return {
    async send(poison) {
      try {
        const producer = await (connected ??= connect());
        for (const one of poison) await producer.send({ topic, acks: -1, messages: [toMessage(one)] });
      } catch (error) {
        connected = undefined;
        throw error;
      }
    },
    async close() {
      await (await connected?.catch(() => undefined))?.disconnect();
    },
  };

  async function connect(): Promise<Producer> {
    const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 2 } });
    await producer.connect();
    return producer;
  }

  function toMessage({ record, error }: Poison) {
    const { key, value, headers, partition } = record;
    const added = toDeadLetterHeaders({
      topic: record.topic,
      partition,
      offset: String(record.offset),
      group,
      message: error.message,
      class: error.code,
      stage: 'bridge',
      timestamp: new Date().toISOString(),
    });
    return { key, value, headers: { ...headers, ...added } };
  }
}
