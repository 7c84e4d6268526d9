import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../contracts/errors';
import type { Logger } from '../runtime/logger';
import type { JobIdLedger } from './job-id-ledger';

/** A batch takes milliseconds, and between two the database has time for others. */
const BATCH = 1_000;
const PAUSE_MS = 50;
const ROUND_MS = 10 * 60_000;

/**
 * Forgets job ids, or what else can be pruned, once they are older than that, in small batches, every ten minutes from now on. Trouble is logged and
 * left to the next round. Any number of processes may do it side by side.
 */
export function startPruning(
  ledger: Pick<JobIdLedger, 'prune'>,
  retentionMs: number,
  logger: Logger,
  { roundMs = ROUND_MS, pauseMs = PAUSE_MS, what = 'job ids' } = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => undefined);

  const running = (async () => {
    while (!signal.aborted) {
      try {
        await round();
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, `old ${what} could not be forgotten; tried again later`);
      }
      await pause(roundMs);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };

  async function round(): Promise<void> {
    let forgotten = 0;
    for (let last = BATCH; last === BATCH && !signal.aborted; await pause(pauseMs)) {
      last = await ledger.prune(retentionMs, BATCH);
      forgotten += last;
    }
    if (forgotten > 0) logger.info({ forgotten }, `old ${what} forgotten`);
  }
}
