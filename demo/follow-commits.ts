import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import type { Positions } from './follow-topics';

export interface HandedOver {
  /** Records the bridge has committed since the demo began: each of them is in a durable workflow, or a dead letter. */
  count(): number;
  stop(): Promise<void>;
}

const everyMs = 400;

/** Watches the committed offsets of the bridge's consumer group. */
export async function followCommits(
  kafka: Kafka,
  { groupId, topic, from }: { groupId: string; topic: string; from: Positions },
): Promise<HandedOver> {
  const admin = kafka.admin();
  await admin.connect();
  const stopping = new AbortController();
  let count = 0;
  const watch = async () => {
    while (!stopping.signal.aborted) {
      // Kafka may be away for a moment; the next look will tell.
      count = await look().catch(() => count);
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const look = async () => {
    const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return (committed?.partitions ?? [])
      .map(({ partition, offset }) => Number(BigInt(offset) - (from.get(partition) ?? 0n)))
      .reduce((sum, ahead) => sum + Math.max(0, ahead), 0);
  };
  const watching = watch();
  return {
    count: () => count,
    async stop() {
      stopping.abort();
      await watching;
      await admin.disconnect();
    },
  };
}
