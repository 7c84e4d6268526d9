import type { Kafka, Producer } from 'kafkajs';
import { isTooLarge } from '../../runtime/kafka-errors';
import { createProducer } from '../../runtime/kafka-producer';

export interface ResultRecord {
  key: string;
  value: Buffer;
  headers: Record<string, string>;
}

export interface ResultProducer {
  /**
   * Resolves once all in-sync replicas have the record, or with `too-large` when the topic does not take it.
   *
   * @throws whatever kept Kafka from taking it; sending it again is safe
   */
  send(record: ResultRecord): Promise<'acknowledged' | 'too-large'>;
  close(): Promise<void>;
}

/** Records of one request: kafkajs puts all that go to a partition into one batch, which counts against max.message.bytes. */
const REQUEST_MAX_BYTES = 512 * 1024;

interface Waiting {
  record: ResultRecord;
  resolve: (outcome: 'acknowledged' | 'too-large') => void;
  reject: (error: unknown) => void;
}

/**
 * One idempotent producer (acks=all) for the whole process. One request is under way at a time, and what arrives meanwhile goes
 * out together with the next: kafkajs keeps order only so, and hundreds of packs share one request.
 */
export function createResultProducer(kafka: Kafka, topic: string): ResultProducer {
  let waiting: Waiting[] = [];
  let connected: Promise<Producer> | undefined;
  let sending: Promise<void> | undefined;

  return {
    send: (record) =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        sending ??= sendWaiting();
      }),
    async close() {
      await sending;
      await (await connected?.catch(() => undefined))?.disconnect();
    },
  };

  async function sendWaiting(): Promise<void> {
    // One turn of the event loop, so that results of the same wave go out together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await sendTogether(takeRequest());
    // In the same step as the last look at the queue: what comes later begins anew.
    sending = undefined;
  }

  function takeRequest(): Waiting[] {
    let bytes = 0;
    const end = waiting.findIndex(
      ({ record }) => (bytes += record.value.length + record.key.length + 200) > REQUEST_MAX_BYTES,
    );
    const request = end === -1 ? waiting : waiting.slice(0, Math.max(1, end));
    waiting = waiting.slice(request.length);
    return request;
  }

  async function sendTogether(request: Waiting[]): Promise<void> {
    try {
      const producer = await (connected ??= connect());
      await producer.send({ topic, acks: -1, messages: request.map(({ record }) => record) });
      request.forEach(({ resolve }) => resolve('acknowledged'));
    } catch (error) {
      if (isTooLarge(error)) {
        if (request.length === 1) return request[0]?.resolve('too-large');
        // Only one of them may be at fault: each by itself then.
        for (const one of request) await sendTogether([one]);
        return;
      }
      await startOver();
      request.forEach(({ reject }) => reject(error));
    }
  }

  async function connect(): Promise<Producer> {
    // Retries are bounded, unlike kafkajs' default for an idempotent producer: Temporal retries, where it can be seen, and
    // a retry by another producer writes the same bytes.
    const retry = { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 };
    const producer = createProducer(kafka, {
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry,
    });
    await producer.connect();
    return producer;
  }

  /** After an error the sequence numbers may no longer fit what the broker expects; a new producer begins anew. */
  async function startOver(): Promise<void> {
    const previous = connected;
    connected = undefined;
    await previous?.then((producer) => producer.disconnect()).catch(() => undefined);
  }
}
