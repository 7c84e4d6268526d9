import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/**
 * Does `work`, again and again while it fails, as long as `held` is true. Returns undefined when it no longer is.
 *
 * @param what for the log: "could not <what>"
 */
export type UntilDone = <T>(
  what: string,
  held: () => boolean,
  work: () => Promise<T>,
) => Promise<T | undefined>;

export interface Trouble {
  untilDone: UntilDone;
  /** What cannot be done at the moment, for the readiness probe. */
  current(): string | undefined;
}

/** Waits out trouble with backoff: says when it begins, every now and then while it lasts, and when it is over. */
export function createUntilDone(logger: Logger): Trouble {
  const failing = new Map<string, number>();

  return {
    current: () => failing.keys().next().value,
    async untilDone(what, held, work) {
      for (
        let attempt = 1, waitMs = FIRST_WAIT_MS;
        held();
        attempt++, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
      ) {
        try {
          const done = await work();
          if (failing.delete(what)) logger.info({ attempt }, `can ${what} again`);
          return done;
        } catch (error) {
          const since = failing.get(what) ?? Date.now();
          failing.set(what, since);
          const fields = { attempt, forMs: Date.now() - since, reason: reasonOf(error) };
          logger.warn(fields, `could not ${what}; the offset stays where it is`);
          await delay(waitMs * (0.75 + Math.random() / 2));
        }
      }
      // Whoever has the partition now will say so if it cannot either.
      failing.delete(what);
      return undefined;
    },
  };
}

/** Temporal's client says what it could not do, and its cause (gRPC) why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${messageOf(cause)}` : messageOf(error);
}
