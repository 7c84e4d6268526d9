import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';

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
      await delivery.heartbeat();
    }
  })();
  // A heartbeat that fails says that the partitions are someone else's; kafkajs finds out itself at the next one.
  beats.catch(() => {});
  try {
    return await work;
  } finally {
    done.abort();
  }
}
