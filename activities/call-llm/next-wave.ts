import { setMaxListeners } from 'node:events';

/** Calls that end within this time of each other are one wave. */
export const WAVE_MS = 500;

/**
 * Waits for all items at once and returns the outcomes of those that end first: everything that ended within `waveMs` of the
 * first one. The waiting for the others is aborted.
 *
 * @throws what `wait` throws, or the reason of `signal`
 */
export async function nextWave<Item, Outcome>(
  items: Item[],
  signal: AbortSignal,
  wait: (item: Item, signal: AbortSignal) => Promise<Outcome>,
  waveMs = WAVE_MS,
): Promise<Outcome[]> {
  const rest = new AbortController();
  const stop = AbortSignal.any([signal, rest.signal]);
  // One listener for each call that is waited for.
  setMaxListeners(0, signal, stop);
  const outcomes: Outcome[] = [];
  const waits = items.map(async (item) => {
    const outcome = await wait(item, stop);
    outcomes.push(outcome);
  });
  const all = Promise.all(waits);
  try {
    await Promise.race([Promise.race(waits), aborted(signal, stop)]);
    if (outcomes.length < items.length)
      await Promise.race([all, elapsed(waveMs, stop), aborted(signal, stop)]);
    return [...outcomes];
  } finally {
    rest.abort();
    for (const one of waits) one.catch(() => undefined);
    all.catch(() => undefined);
  }
}

function aborted(signal: AbortSignal, cleanup: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true, signal: cleanup });
  });
  promise.catch(() => undefined);
  return promise;
}

function elapsed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  });
}
