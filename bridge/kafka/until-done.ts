import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../contracts/errors';
import type { Logger } from '../../runtime/logger';

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;

/** Until when trouble is waited out that is not that of all. */
export interface Patience {
  isOwn: (error: unknown) => boolean;
  ms: number;
}

/** Trouble of its own has lasted longer than its partition may hold up others. */
export class StandsStill extends Error {
  /** @param what cannot be done */
  constructor(readonly what: string) {
    super(`could not ${what}`);
  }
}

/**
 * Does `work`, again and again while it fails, as long as `held` is true. Returns undefined when it no longer is, or when `work` returns that.
 *
 * @param what for the log: "could not <what>"
 * @throws StandsStill when the `patience` is over, if there is one
 */
export type UntilDone = <T>(
  what: string,
  held: () => boolean,
  work: () => Promise<T | undefined>,
  patience?: Patience,
) => Promise<T | undefined>;

export interface Trouble {
  untilDone: UntilDone;
  /** What cannot be done at the moment, for the readiness probe. */
  current(): string | undefined;
}

/**
 * Waits out trouble with backoff: says when it begins, every now and then while it lasts, and when it is over.
 *
 * @param stopping ends a wait between two tries
 */
export function createUntilDone(logger: Logger, stopping?: AbortSignal): Trouble {
  // Each partition in trouble listens.
  if (stopping) setMaxListeners(0, stopping);
  /** Those who cannot do it, by what it is: one of them says nothing about the others. */
  const failing = new Map<string, Set<symbol>>();

  return {
    current: () => failing.keys().next().value,
    async untilDone(what, held, work, patience) {
      const self = Symbol(what);
      // The first try counts, its wait for a turn included: others wait behind it.
      const since = Date.now();
      for (
        let attempt = 1, waitMs = FIRST_WAIT_MS;
        held();
        attempt++, waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
      ) {
        try {
          const done = await work();
          if (done === undefined) break;
          if (over(what, self)) logger.info({ attempt }, `can ${what} again`);
          return done;
        } catch (error) {
          failing.set(what, (failing.get(what) ?? new Set()).add(self));
          const fields = { attempt, forMs: Date.now() - since, reason: reasonOf(error) };
          logger.warn(fields, `could not ${what}; the offset stays where it is`);
          if (patience?.isOwn(error) && Date.now() - since >= patience.ms) {
            over(what, self);
            throw new StandsStill(what);
          }
          const wait = delay(waitMs * (0.75 + Math.random() / 2), undefined, { signal: stopping });
          await wait.catch(() => undefined);
        }
      }
      // Whoever has the partition now will say so if it cannot either.
      over(what, self);
      return undefined;
    },
  };

  /** True when it was the last one that could not. */
  function over(what: string, one: symbol): boolean {
    const others = failing.get(what);
    if (!others?.delete(one) || others.size > 0) return false;
    return failing.delete(what);
  }
}

/** Temporal's client says what it could not do, and its cause (gRPC) why. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${messageOf(cause)}` : messageOf(error);
}
