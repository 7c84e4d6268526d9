import { setTimeout as delay } from 'node:timers/promises';
import { now } from './clock';

export interface SettleOptions {
  /** Ids that should get a result or a dead letter. */
  expected: string[];
  ended: Set<string>;
  callsInFlight(): number;
  /** When anything last happened: a call that began or ended, a result, a dead letter. */
  lastAt(): number;
  /** How many of these the system still holds. */
  held(ids: string[]): Promise<number>;
  limits: SettleLimits;
  onProgress?: (missing: number) => void;
}

export interface SettleLimits {
  /** How long nothing must have happened when all is done, or when nothing is held any more: a second copy of a result may still come. */
  lingerMs: number;
  /** How long nothing must have happened to give up what is held. */
  quietMs: number;
  /** How long it may go on in any case. */
  mostMs: number;
}

export type SettledBy = 'all done' | 'nothing held any more' | 'quiet' | 'time is up';

/** Waits until nothing more is going to come, and says how that was seen. */
export async function settle(options: SettleOptions): Promise<SettledBy> {
  const { expected, ended, limits } = options;
  const giveUpAt = now() + limits.mostMs;
  const beganAt = now();
  let askedAt = 0;
  for (;;) {
    const missing = expected.filter((id) => !ended.has(id));
    options.onProgress?.(missing.length);
    const quietMs = options.callsInFlight() > 0 ? 0 : now() - Math.max(beganAt, options.lastAt());
    if (quietMs >= limits.lingerMs) {
      if (missing.length === 0) return 'all done';
      if (now() - askedAt >= 1_000) {
        askedAt = now();
        if ((await options.held(missing)) === 0) return 'nothing held any more';
      }
    }
    if (quietMs >= limits.quietMs) return 'quiet';
    if (now() > giveUpAt) return 'time is up';
    await delay(100);
  }
}
