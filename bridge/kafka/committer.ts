import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

export interface Committer {
  /** Everything of the partition before `next` is durable. Committed at once, or with the next request when one is under way. */
  durable(partition: number, next: bigint): void;
  /** Resolves when nothing is left to commit, or committing failed. */
  flush(): Promise<void>;
  /** The assignment changed: what was not committed yet is no longer ours to commit. */
  forget(): void;
}

/**
 * Commits watermarks, each the offset of the next record to read. At most one request is under way, and those
 * that come meanwhile are coalesced: a commit per record would cost up to twenty times the throughput.
 *
 * A commit that fails loses nothing: the records come again, and are found in their packs.
 */
export function createCommitter(
  commit: (next: ReadonlyMap<number, bigint>) => Promise<void>,
  logger: Logger,
  onCommitted: (partition: number, next: bigint) => void = () => undefined,
): Committer {
  let waiting = new Map<number, bigint>();
  const watermarks = new Map<number, bigint>();
  let committing: Promise<void> | undefined;

  return {
    durable(partition, next) {
      if (next <= (watermarks.get(partition) ?? -1n)) return;
      watermarks.set(partition, next);
      waiting.set(partition, next);
      committing ??= commitWaiting().finally(() => (committing = undefined));
    },
    async flush() {
      while (committing) await committing;
    },
    forget() {
      waiting.clear();
      watermarks.clear();
    },
  };

  async function commitWaiting(): Promise<void> {
    while (waiting.size > 0) {
      const now = waiting;
      waiting = new Map();
      try {
        await commit(now);
        now.forEach((next, partition) => onCommitted(partition, next));
      } catch (error) {
        logger.warn(
          { reason: messageOf(error) },
          'commit failed; the records will be recognised when they come again',
        );
      }
    }
  }
}
