import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { withAdmin } from './admin';

const PATIENCE_MS = 30_000;

/**
 * Resolves when the coordinator of a consumer group answers. A broker that has just started makes the topic it keeps groups in at the first such request, and
 * turns away who asks while it loads it: the first bridge would tell of a crash. Throws what Kafka answered last.
 */
export function groupCoordinatorAnswers(brokers: readonly string[], groupId: string): Promise<void> {
  return withAdmin(brokers, (admin) => untilOffsetsAreKnown(admin, groupId));
}

/**
 * Whatever the answer is, it is asked again: the broker is up, and kafkajs makes an error that cannot be retried of some that pass
 * (`KafkaJSGroupCoordinatorNotFound` while the topic is being made).
 */
export async function untilOffsetsAreKnown(
  admin: Pick<Admin, 'fetchOffsets'>,
  groupId: string,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await admin.fetchOffsets({ groupId });
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}
