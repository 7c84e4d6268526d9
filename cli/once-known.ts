import { setTimeout as delay } from 'node:timers/promises';
import { HeadwayError } from '../contracts/errors';

/** Temporal's visibility follows within milliseconds to seconds, and before that a record waits for the bridge. */
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 2_000;

export function isUnknownJob(error: unknown): boolean {
  return error instanceof HeadwayError && error.code === 'HW_JOB_UNKNOWN';
}

/**
 * Asks about a job that may just have been sent, until somebody knows it.
 *
 * @throws HeadwayError `HW_JOB_UNKNOWN` when nobody does after `patienceMs` milliseconds; the reason of `signal`; whatever else `ask` throws
 */
export async function onceKnown<T>(
  ask: () => Promise<T>,
  patienceMs: number,
  signal: AbortSignal,
): Promise<T> {
  const until = Date.now() + patienceMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await ask();
    } catch (error) {
      const leftMs = until - Date.now();
      if (!isUnknownJob(error) || leftMs <= 0) throw error;
      await delay(Math.min(waitMs, leftMs), undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
