import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

export interface Committer {
  /** Everything of the partition before `next` is durable. Committed at once, or with the next request when one is under way. */
  durable(partition: number, next: bigint): void;
  /** Resolves when nothing is left to commit, or committing failed. */
  flush(): Promise<void>;
  /** What was not committed yet is no longer ours to commit: of one partition, or of all when the assignment changed. */
  forget(partition?: number): void;
}

/** Pause before a commit that failed is tried again, if nothing newer comes first. */
const RETRY_AFTER_MS = 1_000;

/**
 * Commits watermarks, each the offset of the next record to read. At most one request is under way, and those
 * that come meanwhile are coalesced: a commit per record would cost up to twenty times the throughput.
 *
 * A commit that fails loses nothing: it is tried again, and at worst the records come again, and are found in their packs.
 */
export function createCommitter(
  commit: (next: ReadonlyMap<number, bigint>) => Promise<void>,
  logger: Logger,
  onCommitted: (partition: number, next: bigint) => void = () => undefined,
): Committer {
  const waiting = new Map<number, bigint>();
  const watermarks = new Map<number, bigint>();
  let committing: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  return {
    durable(partition, next) {
      if (next <= (watermarks.get(partition) ?? -1n)) return;
      watermarks.set(partition, next);
      waiting.set(partition, next);
      committing ??= commitWaiting();
    },
    async flush() {
      clearTimeout(retry);
      if (waiting.size > 0) committing ??= commitWaiting();
      await committing;
      clearTimeout(retry);
    },
    forget(partition) {
      for (const map of [waiting, watermarks]) {
        if (partition === undefined) map.clear();
        else map.delete(partition);
      }
    },
  };

  async function commitWaiting(): Promise<void> {
    clearTimeout(retry);
    while (waiting.size > 0) {
      const now = new Map(waiting);
      waiting.clear();
      try {
        await commit(now);
        now.forEach((next, partition) => onCommitted(partition, next));
      } catch (error) {
        logger.warn({ reason: messageOf(error) }, 'commit failed; it is tried again');
        if (waiting.size === 0) {
          putBack(now);
          retry = setTimeout(() => {
            committing ??= commitWaiting();
          }, RETRY_AFTER_MS).unref();
          break;
        }
        putBack(now);
      }
    }
    // In the same step as the last look at what waits: what comes later begins anew.
    committing = undefined;
  }

  /** Unless something newer waits already, or the partition is no longer ours. */
  function putBack(failed: Map<number, bigint>): void {
    for (const [partition, next] of failed) {
      if (watermarks.get(partition) === next) waiting.set(partition, next);
    }
  }
}
