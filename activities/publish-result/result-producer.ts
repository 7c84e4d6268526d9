import type { Kafka, Producer } from 'kafkajs';
import { isTooLarge } from '../../runtime/kafka/errors';
import { createPartitionOf } from '../../runtime/kafka/partition-sender';
import { createProducer } from '../../runtime/kafka/producer';

export interface ResultRecord {
  key: string;
  value: Buffer;
  headers: Record<string, string>;
}

export interface ResultProducer {
  /**
   * Resolves once all in-sync replicas have the record, or with `too-large` when the topic does not take it. Each partition has requests of its own,
   * so one that takes nothing makes no record of another fail.
   *
   * @param signal of one who cannot wait any longer: a record that was not sent by then is not sent any more, and nobody hears of one that was
   * @throws whatever kept Kafka from taking it, or the reason of `signal`; sending it again is safe
   */
  send(record: ResultRecord, signal?: AbortSignal): Promise<'acknowledged' | 'too-large'>;
  /** Whether a record with this key would wait behind a request that has had no answer for seconds. */
  isStuck(key: string): boolean;
  close(): Promise<void>;
}

/** Records of one request: kafkajs puts all that go to a partition into one batch, which counts against max.message.bytes. */
const REQUEST_MAX_BYTES = 512 * 1024;

const STUCK_AFTER_MS = 2_000;

interface Waiting {
  record: ResultRecord;
  /** Where it waits. */
  queue: Set<Waiting>;
  resolve: (outcome: 'acknowledged' | 'too-large') => void;
  reject: (error: unknown) => void;
}

/** The records of a partition. */
interface Line {
  partition: number;
  queue: Set<Waiting>;
  sending?: Promise<void>;
  /** When the request under way was sent, ms since 1970. */
  sentAt?: number;
}

interface Connection {
  producer: Promise<Producer>;
  /** Requests under way. */
  requests: number;
}

/**
 * One idempotent producer (acks=all) for the whole process. For each partition one request is under way at a time, and what arrives meanwhile goes
 * out together with the next: kafkajs keeps order only so, and hundreds of packs share one request.
 */
export function createResultProducer(kafka: Kafka, topic: string): ResultProducer {
  const arrived = new Set<Waiting>();
  const lines = new Map<number, Line>();
  const goodbyes = new Set<Promise<void>>();
  /** Where a key goes. kafkajs tells how many partitions there are when it sends a request, so the first record goes alone. */
  let partitionOf: ((key: string) => number) | undefined;
  let partitions = 0;
  let tellKnown = (): void => undefined;
  const known = new Promise<void>((resolve) => (tellKnown = resolve));
  let current: Connection | undefined;
  let handingOut: Promise<void> | undefined;

  return {
    send: (record, signal) =>
      new Promise((resolve, reject) => {
        const one: Waiting = { record, queue: arrived, resolve, reject };
        const withdraw = () => {
          one.queue.delete(one);
          reject(signal?.reason as Error);
        };
        if (signal?.aborted) return withdraw();
        signal?.addEventListener('abort', withdraw, { once: true });
        arrived.add(one);
        handingOut ??= handOut();
      }),
    isStuck(key) {
      const line = partitionOf && lines.get(partitionOf(key));
      return Date.now() - (line?.sentAt ?? Infinity) > STUCK_AFTER_MS;
    },
    async close() {
      await handingOut;
      for (const { sending } of lines.values()) await sending;
      if (current) giveUp(current);
      await Promise.all(goodbyes);
    },
  };

  async function handOut(): Promise<void> {
    // One turn of the event loop, so that results of the same wave go out together.
    await new Promise((resolve) => setImmediate(resolve));
    while (arrived.size > 0) {
      if (!partitionOf) await sendFirst();
      else for (const one of arrived) toLine(one, lineOf(partitionOf(one.record.key)));
    }
    // In the same step as the last look at what has arrived: what comes later begins anew.
    handingOut = undefined;
  }

  async function sendFirst(): Promise<void> {
    const [first] = arrived;
    if (!first) return;
    arrived.delete(first);
    const sent = sendTogether([first]);
    await Promise.race([sent, known]);
    if (partitionOf) {
      const line = lineOf(partitionOf(first.record.key));
      line.sentAt = Date.now();
      line.sending = sent.then(() => sendLine(line));
      return;
    }
    const error = await sent;
    for (const { reject } of arrived) reject(error);
    arrived.clear();
  }

  function lineOf(partition: number): Line {
    const line: Line = lines.get(partition) ?? { partition, queue: new Set() };
    lines.set(partition, line);
    return line;
  }

  function toLine(one: Waiting, line: Line): void {
    arrived.delete(one);
    line.queue.add(one);
    one.queue = line.queue;
    line.sending ??= sendLine(line);
  }

  async function sendLine(line: Line): Promise<void> {
    // After all that came in the same turn.
    await Promise.resolve();
    while (line.queue.size > 0) await sendTogether(takeRequest(line), line.partition);
    line.sentAt = undefined;
    line.sending = undefined;
  }

  function takeRequest({ queue }: Line): Waiting[] {
    const request: Waiting[] = [];
    let bytes = 0;
    for (const one of queue) {
      bytes += one.record.value.length + one.record.key.length + 200;
      if (request.length > 0 && bytes > REQUEST_MAX_BYTES) break;
      request.push(one);
      queue.delete(one);
    }
    return request;
  }

  /** Never rejects. Returns what kept Kafka from taking the last of the records. */
  async function sendTogether(request: Waiting[], partition?: number): Promise<unknown> {
    const connection = (current ??= connect());
    connection.requests += 1;
    if (partition !== undefined) lineOf(partition).sentAt = Date.now();
    try {
      const producer = await connection.producer;
      const messages = request.map(({ record }) => ({ ...record, partition }));
      await producer.send({ topic, acks: -1, messages });
      request.forEach(({ resolve }) => resolve('acknowledged'));
      return undefined;
    } catch (error) {
      if (!isTooLarge(error)) {
        giveUp(connection);
        request.forEach(({ reject }) => reject(error));
        return error;
      }
    } finally {
      connection.requests -= 1;
      if (connection !== current) sayGoodbye(connection);
    }
    const [only, ...others] = request;
    if (others.length === 0) return only?.resolve('too-large');
    // The broker takes all of a request or nothing. Only one of them may be at fault: each by itself then.
    let error: unknown;
    for (const one of request) error = await sendTogether([one], partition);
    return error;
  }

  function connect(): Connection {
    // Retries are bounded, unlike kafkajs' default for an idempotent producer: Temporal retries, where it can be seen, and
    // a retry by another producer writes the same bytes.
    const retry = { retries: 3, initialRetryTime: 200, maxRetryTime: 2_000 };
    const config = { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false, retry };
    const producer = createProducer(kafka, config, { onPartitions });
    return { producer: producer.connect().then(() => producer), requests: 0 };
  }

  function onPartitions(_: string, count: number): void {
    if (count === partitions) return;
    partitions = count;
    partitionOf = createPartitionOf(topic, count);
    tellKnown();
  }

  /**
   * After an error the sequence numbers of that partition may no longer fit what the broker expects; a new producer begins anew. Those of other partitions
   * do fit, so their requests under way are seen to their end.
   */
  function giveUp(connection: Connection): void {
    if (current === connection) current = undefined;
    sayGoodbye(connection);
  }

  function sayGoodbye({ producer, requests }: Connection): void {
    if (requests > 0) return;
    const goodbye = producer.then((connected) => connected.disconnect()).catch(() => undefined);
    goodbyes.add(goodbye);
    void goodbye.finally(() => goodbyes.delete(goodbye));
  }
}
