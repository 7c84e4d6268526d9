import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedRecord } from './schedule';
import type { SendRecords } from './send-load';

const JOBS = 48;
const LATENCY_MS = 500;
const prefix = 'warm-up-';

/** Whether a job belongs to the warm-up, which nothing is counted of. */
export const isWarmUp = (id: string): boolean => id.startsWith(prefix);

/**
 * Some short jobs before the measurement: groups settle, connections are made, code gets compiled. A contender that does not work at all is
 * found out here. Resolves when all of them have a result.
 * @throws Error when they have none in time
 */
export async function warmUp(send: SendRecords, ended: Set<string>, timeoutMs: number): Promise<void> {
  const records: PlannedRecord[] = Array.from({ length: JOBS }, (_, index) => ({
    ...{ at: 0, id: `${prefix}${index}`, poison: false, slow: false, latencyMs: LATENCY_MS },
  }));
  await send(records);
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    const missing = records.filter(({ id }) => !ended.has(id)).length;
    if (missing === 0) return;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `${missing} of ${JOBS} jobs of the warm-up had no result within ${timeoutMs / 1_000} s`,
      );
    }
    await delay(50);
  }
}
