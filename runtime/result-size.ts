import type { ConfigProblems } from './config/problems';
import type { Environment } from './config/environment';
import type { PayloadStore } from './payload-store/payload-store';

/** A result goes through Temporal before it is published, so it must fit into one payload of 2 MB there. */
const WITHOUT_STORE_MAX_BYTES = 1_900_000;

/** Largest result in bytes. Kafka's topics take 1 MB unless told otherwise; who sets up a payload store expects more. */
export function resultMaxBytes(
  { RESULT_MAX_BYTES }: Environment,
  payloadStore: PayloadStore | undefined,
  problems: ConfigProblems,
): number {
  if (payloadStore) return RESULT_MAX_BYTES ?? 22_100_000;
  if ((RESULT_MAX_BYTES ?? 0) > WITHOUT_STORE_MAX_BYTES) {
    problems.add(
      'RESULT_MAX_BYTES',
      `must be at most ${WITHOUT_STORE_MAX_BYTES} unless PAYLOAD_STORE is set`,
    );
  }
  return RESULT_MAX_BYTES ?? 900_000;
}
