import { randomBytes } from 'node:crypto';
import { KafkaJSConnectionError, type Consumer, type ConsumerRunConfig, type Kafka } from 'kafkajs';

/** Longest wait until a consumer has joined its group. Milliseconds. */
const START_MS = 60_000;
const TOO_LATE = `it did not let a consumer join its group within ${START_MS / 1000} s`;
/** A broker that is away is not worth waiting for longer. */
const LEAVE_MS = 4_000;

/** The name of a consumer group for one reading, since kafkajs cannot read without one. Nothing is committed in it. */
export function temporaryGroupId(): string {
  return `headway-read-${randomBytes(6).toString('hex')}`;
}

export interface StartReadingOptions {
  topics: string[];
  positions: readonly { topic: string; partition: number; offset: string }[];
  run: Pick<ConsumerRunConfig, 'eachBatch' | 'eachMessage'>;
  signal?: AbortSignal;
}

/**
 * Lets a consumer read from these positions on.
 *
 * kafkajs tells that it could not join its group by an event alone: `run` resolves, and what is called next says that `run` must be called first. And it
 * can lose a request and wait for the answer for ever (bridge/kafka/watch-silence.ts). So crashes, the signal and a limit are heard meanwhile, too.
 *
 * @throws what kept Kafka from answering, or from letting it join; the reason of `signal`
 */
export async function startReading(consumer: Consumer, options: StartReadingOptions): Promise<void> {
  const { topics, positions, run, signal } = options;
  const start = async () => {
    await consumer.connect();
    // Where a position is lost, after a crash of the client, what came before is read again rather than skipped.
    await consumer.subscribe({ topics, fromBeginning: true });
    await consumer.run({ autoCommit: false, ...run });
    for (const position of positions) consumer.seek(position);
  };
  signal?.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let interrupted = () => {};
  const trouble = new Promise<never>((_, reject) => {
    consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    interrupted = () => reject(signal?.reason as Error);
    timer = setTimeout(() => reject(new KafkaJSConnectionError(TOO_LATE)), START_MS);
  });
  signal?.addEventListener('abort', interrupted);
  // It also rejects for a crash that comes later, which is no longer asked about here.
  trouble.catch(() => undefined);
  try {
    await Promise.race([trouble, start()]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupted);
  }
}

/** Never throws. A group without members and offsets disappears by itself after a while; deleting it only tidies up. */
export async function leaveGroup(kafka: Kafka, consumer: Consumer, groupId: string): Promise<void> {
  const leave = async () => {
    await consumer.disconnect().catch(() => undefined);
    await deleteGroup(kafka, groupId);
  };
  let timer: NodeJS.Timeout | undefined;
  // Keeps the process running, as nothing else may where kafkajs waits for an answer that was lost.
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, LEAVE_MS)));
  await Promise.race([leave(), late]);
  clearTimeout(timer);
}

async function deleteGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // Not allowed to, or away.
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
