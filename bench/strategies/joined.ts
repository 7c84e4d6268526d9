import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';
import type { Settings } from './job';

/** Three heartbeats and more in a session, as Kafka advises (heartbeat.interval.ms); the 3 s of kafkajs at most. */
export function heartbeatMs({ sessionTimeoutMs }: Settings): number {
  return Math.min(3_000, Math.floor(sessionTimeoutMs / 4));
}

/** Resolves when a kafkajs consumer is in its group and has its partitions. Call it before `run`. */
export function joined(consumer: Consumer): Promise<void> {
  return new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
}

/** As the documentation of kafkajs asks for where a message takes long: heartbeats while `work` goes on, or the group would give its partitions away. */
export async function beating<T>(delivery: { heartbeat(): Promise<void> }, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const beats = (async () => {
    for (;;) {
      await delay(1_000, undefined, { signal: done.signal });
      // One that fails says that the group is being shared out anew. It counts all the same: whoever beats is not taken for dead meanwhile.
      await delivery.heartbeat().catch(() => {});
    }
  })();
  beats.catch(() => {});
  try {
    return await work;
  } finally {
    done.abort();
  }
}
