import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

export interface Committer {
  /** Everything of the partition before `next` is durable. Committed at once, or with the next request when one is under way or has just been. */
  durable(partition: number, next: bigint): void;
  /** Commits what waits without a pause. Resolves when nothing is left to commit, or committing failed. */
  flush(): Promise<void>;
  /** What was not committed yet is no longer ours to commit: of one partition, or of all when the assignment changed. */
  forget(partition?: number): void;
}

/** Pause before a commit that failed is tried again, if nothing newer comes first. */
const RETRY_AFTER_MS = 1_000;

/**
 * From the beginning of a commit to the next one, at least. With packs of one a commit for whatever came during the last one is a request for every second
 * record, a fifth of the CPU time of the bridge and half of the broker's. What is committed late after a crash comes again, and is found in its packs.
 */
const PACE_MS = 40;

/**
 * Commits watermarks, each the offset of the next record to read. At most one request is under way, and those
 * that come meanwhile are coalesced: a commit per record would cost up to twenty times the throughput.
 *
 * A commit that fails loses nothing: it is tried again, and at worst the records come again, and are found in their packs.
 */
export function createCommitter(
  commit: (next: ReadonlyMap<number, bigint>) => Promise<void>,
  logger: Pick<Logger, 'warn'>,
  onCommitted: (partition: number, next: bigint) => void = () => undefined,
  paceMs = PACE_MS,
): Committer {
  const waiting = new Map<number, bigint>();
  const watermarks = new Map<number, bigint>();
  let committing = false;
  /** The end of what is under way, or of what was last. */
  let underWay: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let flushing = false;
  let endPause: (() => void) | undefined;

  return {
    durable(partition, next) {
      if (next <= (watermarks.get(partition) ?? -1n)) return;
      watermarks.set(partition, next);
      waiting.set(partition, next);
      begin();
    },
    async flush() {
      clearTimeout(retry);
      flushing = true;
      endPause?.();
      begin();
      await underWay;
      flushing = false;
      clearTimeout(retry);
    },
    forget(partition) {
      for (const map of [waiting, watermarks]) {
        if (partition === undefined) map.clear();
        else map.delete(partition);
      }
    },
  };

  function begin(): void {
    if (committing || waiting.size === 0) return;
    committing = true;
    underWay = commitWaiting();
  }

  async function commitWaiting(): Promise<void> {
    clearTimeout(retry);
    while (waiting.size > 0) {
      const next = performance.now() + paceMs;
      const now = new Map(waiting);
      waiting.clear();
      try {
        await commit(now);
        now.forEach((next, partition) => onCommitted(partition, next));
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, 'commit failed; it is tried again');
        if (waiting.size === 0) {
          putBack(now);
          retry = setTimeout(begin, RETRY_AFTER_MS).unref();
          break;
        }
        putBack(now);
      }
      await pause(next - performance.now());
    }
    // In the same step as the last look at what waits: what comes later begins anew.
    committing = false;
  }

  async function pause(ms: number): Promise<void> {
    if (ms <= 0 || flushing) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    endPause = undefined;
  }

  /** Unless something newer waits already, or the partition is no longer ours. */
  function putBack(failed: Map<number, bigint>): void {
    for (const [partition, next] of failed) {
      if (watermarks.get(partition) === next) waiting.set(partition, next);
    }
  }
}
