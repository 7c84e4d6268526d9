import type { Kafka, Producer } from 'kafkajs';
import { toDeadLetterHeaders } from '../../contracts/dead-letter';
import { deadLetterHeaders } from '../../contracts/headers';
import { isTooLarge } from '../../runtime/kafka-errors';
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
      const current = (connected ??= connect());
      try {
        const producer = await current;
        for (const one of poison) await write(producer, one);
      } catch (error) {
        // Unless another partition has replaced it meanwhile.
        if (connected === current) await disconnect();
        throw error;
      }
    },
    close: disconnect,
  };

  async function connect(): Promise<Producer> {
    const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 2 } });
    await producer.connect();
    return producer;
  }

  async function disconnect(): Promise<void> {
    const previous = connected;
    connected = undefined;
    await previous?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  /** A record that only just fits the queue topic may not fit with the reason beside it: then without its value. */
  async function write(producer: Producer, one: Poison): Promise<void> {
    const message = toMessage(one);
    try {
      await producer.send({ topic, acks: -1, messages: [message] });
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const left = `${one.error.message} (left out: the value, ${one.record.value?.length ?? 0} bytes)`;
      const headers = { ...message.headers, [deadLetterHeaders.message]: left };
      const without = { ...message, value: null, headers };
      try {
        await producer.send({ topic, acks: -1, messages: [without] });
      } catch (again) {
        if (!isTooLarge(again)) throw again;
        const ours = Object.entries(headers).filter(([name]) => name.startsWith('__dlq.'));
        const bare = { key: null, value: null, headers: Object.fromEntries(ours) };
        await producer.send({ topic, acks: -1, messages: [bare] });
      }
    }
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
