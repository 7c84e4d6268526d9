import { setTimeout as delay } from 'node:timers/promises';
import type { KafkaJSError } from 'kafkajs';
import { withAdmin } from './admin';

const timeoutMs = 30_000;

/**
 * Resolves when the coordinator of a consumer group answers. A broker that has just started makes the topic it keeps groups in at the first such request, and
 * turns away who asks while it loads it: the first bridge would tell of a crash. Throws what Kafka answered last.
 */
export async function groupCoordinatorAnswers(brokers: readonly string[], groupId: string): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  await withAdmin(brokers, async (admin) => {
    for (;;) {
      try {
        await admin.fetchOffsets({ groupId });
        return;
      } catch (error) {
        if ((error as KafkaJSError).retriable !== true || performance.now() > deadline) throw error;
        await delay(50);
      }
    }
  });
}
