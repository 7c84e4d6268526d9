import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, Kafka, KafkaMessage } from 'kafkajs';
import { registerCompressionCodecs } from '../../../runtime/kafka/compression';

export interface TopicFollower {
  /** By partition the offset before which everything has been handed out. */
  positions(topic: string): ReadonlyMap<number, number>;
  /** The topic was made anew: its offsets start over. */
  forget(topic: string): void;
  stop(): Promise<void>;
}

export interface FollowOptions {
  kafka: Kafka;
  topics: readonly string[];
  /** Each record at least once, those of a partition in order. Records of aborted transactions do not come. */
  onRecord: (topic: string, partition: number, message: KafkaMessage) => void;
  /** Everything before `next` has been handed out. */
  onProgress?: (topic: string, partition: number, next: number) => void;
}

const PAUSE_MS = 300;

/** Reads topics from their beginning and never gives up: whatever happens to Kafka, it goes on where it was. */
export function followTopics({ kafka, topics, onRecord, onProgress }: FollowOptions): TopicFollower {
  registerCompressionCodecs();
  const positions = new Map<string, Map<number, number>>(
    topics.map((topic) => [topic, new Map<number, number>()]),
  );
  let stopped = false;
  /** Of the consumer whose records count. */
  let generation = 0;
  let renew = () => {};

  const running = (async () => {
    while (!stopped) {
      generation += 1;
      await consume(generation).catch(() => undefined);
      if (!stopped) await delay(PAUSE_MS);
    }
  })();

  return {
    positions: (topic) => new Map(positions.get(topic)),
    forget(topic) {
      positions.set(topic, new Map());
      // At once, so that nothing of the old one comes any more.
      generation += 1;
      renew();
    },
    async stop() {
      stopped = true;
      renew();
      await running;
    },
  };

  /** Resolves when it is no longer wanted; rejects when the consumer is gone. */
  async function consume(mine: number): Promise<void> {
    const consumer = kafka.consumer({
      // A group of its own each time: the last one may still wait for a member that is gone.
      groupId: `watermark-${randomBytes(6).toString('hex')}`,
      sessionTimeout: 10_000,
      maxWaitTimeInMs: 250,
      allowAutoTopicCreation: false,
      retry: { retries: 1, restartOnFailure: () => Promise.resolve(false) },
    });
    const over = new Promise<void>((resolve, reject) => {
      renew = resolve;
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error));
    });
    over.catch(() => undefined);
    const advance = (topic: string, partition: number, next: number) => {
      const known = positions.get(topic);
      if (mine !== generation || !known || next <= (known.get(partition) ?? 0)) return;
      known.set(partition, next);
      onProgress?.(topic, partition, next);
    };
    // Also for batches that held nothing but control records or aborted transactions.
    consumer.on('consumer.end_batch_process', ({ payload }) =>
      advance(payload.topic, payload.partition, Number(payload.lastOffset) + 1),
    );
    consumer.on('consumer.group_join', () => seekAll(consumer));
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          for (const message of batch.messages) {
            const known = positions.get(batch.topic)?.get(batch.partition) ?? 0;
            if (mine !== generation || Number(message.offset) < known) continue;
            onRecord(batch.topic, batch.partition, message);
            advance(batch.topic, batch.partition, Number(message.offset) + 1);
          }
        },
      });
      if (!stopped && mine === generation) await over;
    } finally {
      // With Kafka away it would say goodbye for long, and nobody waits for that.
      await Promise.race([
        consumer.disconnect().catch(() => undefined),
        delay(3_000, undefined, { ref: false }),
      ]);
    }
  }

  function seekAll(consumer: Consumer): void {
    for (const [topic, partitions] of positions) {
      for (const [partition, offset] of partitions)
        consumer.seek({ topic, partition, offset: String(offset) });
    }
  }
}
