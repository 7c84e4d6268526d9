import { setTimeout as delay } from 'node:timers/promises';
import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { isRefused, isTooLarge } from './errors';
import { createProducer } from './producer';

export interface KeyedRecord {
  key: string;
  value: string;
}

/** What became of a record. One that is unsure may have been written: nobody has heard of it. */
export type SentRecord<R> = { record: R } & (
  | { state: 'sent'; partition: number; offset: bigint }
  | { state: 'too-large' }
  | { state: 'refused' | 'unsure'; error?: Error }
);

export interface PartitionSender {
  /**
   * Sends records, those of each partition in a request of its own: a leader that is away leaves nothing unknown about the records of other
   * partitions. Never rejects. When the signal is aborted, what Kafka has not acknowledged two seconds later is unsure.
   *
   * After an error, or what is unsure, nothing more may be sent: the numbers by which the broker knows duplicates may not fit any more, and it would
   * leave out new records as old ones.
   */
  send<R extends KeyedRecord>(records: readonly R[], signal: AbortSignal): Promise<SentRecord<R>[]>;
  close(): Promise<void>;
}

const GRACE_MS = 2_000;
const DISCONNECT_MS = 2_000;

/**
 * @param topic with the number of its partitions; a key goes where every other producer puts it
 * @throws what keeps Kafka from answering
 */
export async function openPartitionSender(
  kafka: Kafka,
  { name: topic, partitions }: { name: string; partitions: number },
): Promise<PartitionSender> {
  const config = { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false };
  const producer = createProducer(kafka, config, { disconnectMs: DISCONNECT_MS });
  await producer.connect();
  return createPartitionSender(producer, { name: topic, partitions });
}

/** The same with a producer that is connected. */
export function createPartitionSender(
  producer: Pick<Producer, 'send' | 'disconnect'>,
  { name: topic, partitions }: { name: string; partitions: number },
): PartitionSender {
  const partitionOf = createPartitionOf(topic, partitions);
  return {
    async send(records, signal) {
      const byPartition = new Map<number, (typeof records)[number][]>();
      for (const record of records) {
        const partition = partitionOf(record.key);
        byPartition.set(partition, [...(byPartition.get(partition) ?? []), record]);
      }
      const interrupted = createInterruption(signal);
      const sent = await Promise.all(
        [...byPartition].map(([partition, some]) =>
          Promise.race([
            sendTo(partition, some),
            interrupted.then(() => some.map((record) => ({ record, state: 'unsure' as const }))),
          ]),
        ),
      ).finally(interrupted.forget);
      return sent.flat();
    },
    close: () => producer.disconnect(),
  };

  async function sendTo<R extends KeyedRecord>(partition: number, records: R[]): Promise<SentRecord<R>[]> {
    try {
      const messages = records.map(({ key, value }) => ({ key, value, partition }));
      const [answer] = await producer.send({ topic, acks: -1, messages });
      const first = BigInt(answer?.baseOffset ?? -1);
      return records.map((record, index) => ({
        record,
        state: 'sent',
        partition,
        offset: first + BigInt(index),
      }));
    } catch (error) {
      if (isTooLarge(error)) {
        // The broker takes all of a request or nothing. Only one of them may be at fault: each by itself then.
        if (records.length === 1) return records.map((record) => ({ record, state: 'too-large' }));
        const sent: SentRecord<R>[] = [];
        for (const record of records) sent.push(...(await sendTo(partition, [record])));
        return sent;
      }
      const state = isRefused(error) ? 'refused' : 'unsure';
      return records.map((record) => ({ record, state, error: error as Error }));
    }
  }
}

/** Where every other producer puts a key of this topic. */
export function createPartitionOf(topic: string, partitions: number): (key: string) => number {
  const partitioner = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    leader: 0,
    partitionErrorCode: 0,
    replicas: [],
    isr: [],
  }));
  return (key) => partitioner({ topic, partitionMetadata, message: { key, value: null } });
}

/** Resolves when the signal was aborted and the grace is over. */
function createInterruption(signal: AbortSignal): Promise<void> & { forget: () => void } {
  const over = new AbortController();
  let onAbort = (): void => undefined;
  const interrupted = new Promise<void>((resolve) => {
    onAbort = () => void delay(GRACE_MS, undefined, { signal: over.signal }).then(resolve, () => undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  const forget = () => {
    signal.removeEventListener('abort', onAbort);
    over.abort();
  };
  return Object.assign(interrupted, { forget });
}
