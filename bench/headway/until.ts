import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Milliseconds after which it is given up. */
  within: number;
  /** Milliseconds between two looks, or what says them each time. */
  every: number | (() => number);
}

/**
 * Looks until it is true.
 *
 * @throws Error that names the state when it is not reached in time, and what `look` throws
 */
export async function until(
  state: string,
  { within, every }: UntilOptions,
  look: () => Promise<boolean> | boolean,
): Promise<void> {
  const giveUpAt = performance.now() + within;
  while (!(await look())) {
    if (performance.now() > giveUpAt) throw new Error(`not reached within ${within / 1_000} s: ${state}`);
    await delay(typeof every === 'number' ? every : every());
  }
}
