import { CompressionTypes, type Kafka, type Producer } from 'kafkajs';
import { isTooLarge } from '../../runtime/kafka/errors';
import { createProducer } from '../../runtime/kafka/producer';
import { within } from '../../runtime/within';
import type { Poison } from './cut-pack';
import {
  messageBytes,
  toMessage,
  withoutRecord,
  withoutValue,
  type DeadLetterMessage,
} from './dead-letter-message';

export interface DeadLetters {
  /**
   * Resolves once all in-sync replicas have them. Key, value and headers stay as they were, unless the topic takes no record of
   * that size: then the error header says what was left out.
   *
   * @throws what kept Kafka from taking them
   */
  send(poison: Poison[]): Promise<void>;
  close(): Promise<void>;
}

/** kafkajs loses a request now and then (`watch-silence.ts`), and waits for ever. Both with their tries, milliseconds. */
const CONNECT_MS = 30_000;
const SEND_MS = 60_000;
/** Longest wait for a goodbye. */
const CLOSE_MS = 4_000;

/** Of one request. A flood of small dead letters takes one round trip for hundreds, and a few bytes of each other's room. */
const REQUEST_MAX_BYTES = 512 * 1024;
const REQUEST_MAX_RECORDS = 500;

/** A broker with default settings (`socket.request.max.bytes`) closes the connection at 100 MiB, without a word on why. */
const UNCOMPRESSED_MAX_BYTES = 90 * 1024 * 1024;

/** Writes to the dead-letter topic. Connects with the first one. */
export function createDeadLetters(
  kafka: Kafka,
  topic: string,
  group: string,
  { connectMs = CONNECT_MS, sendMs = SEND_MS } = {},
): DeadLetters {
  let connected: Promise<Producer> | undefined;

  return {
    async send(poison) {
      const current = (connected ??= connect());
      try {
        const producer = await current;
        for (const request of inRequests(poison.map((one) => toMessage(one, group))))
          await write(producer, request);
      } catch (error) {
        // Unless another partition has replaced it meanwhile.
        if (connected === current) void disconnect();
        throw error;
      }
    },
    // A connection that is only being made may take longer than anybody waits for a goodbye.
    close: () => within(CLOSE_MS, disconnect(), () => undefined),
  };

  async function connect(): Promise<Producer> {
    const settings = { allowAutoTopicCreation: false, retry: { retries: 2 } };
    const producer = createProducer(kafka, settings, { connectMs, sendMs });
    await producer.connect();
    return producer;
  }

  async function disconnect(): Promise<void> {
    const previous = connected;
    connected = undefined;
    await previous?.then((producer) => producer.disconnect()).catch(() => undefined);
  }

  async function write(producer: Producer, request: DeadLetterMessage[]): Promise<void> {
    if (await taken(producer, request)) return;
    for (const message of request) await writeLarge(producer, message);
  }

  /** A record that came compressed, or that only just fits the queue topic, may not fit with the reason beside it. */
  async function writeLarge(producer: Producer, message: DeadLetterMessage): Promise<void> {
    if (await taken(producer, [message])) return;
    if (await taken(producer, [message], CompressionTypes.GZIP)) return;
    if (await taken(producer, [withoutValue(message)])) return;
    await producer.send({ topic, acks: -1, messages: [withoutRecord(message)] });
  }

  /** False when they are too large. */
  async function taken(
    producer: Producer,
    messages: DeadLetterMessage[],
    compression = CompressionTypes.None,
  ): Promise<boolean> {
    const bytes = messages.reduce((sum, message) => sum + messageBytes(message), 0);
    if (compression === CompressionTypes.None && bytes > UNCOMPRESSED_MAX_BYTES) return false;
    try {
      await producer.send({ topic, acks: -1, compression, messages });
      return true;
    } catch (error) {
      if (isTooLarge(error)) return false;
      throw error;
    }
  }
}

function inRequests(messages: DeadLetterMessage[]): DeadLetterMessage[][] {
  const requests: DeadLetterMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    bytes += messageBytes(message);
    const last = requests.at(-1);
    if (last && bytes <= REQUEST_MAX_BYTES && last.length < REQUEST_MAX_RECORDS) {
      last.push(message);
    } else {
      requests.push([message]);
      bytes = messageBytes(message);
    }
  }
  return requests;
}
