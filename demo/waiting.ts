import { setTimeout as delay } from 'node:timers/promises';

const lookEveryMs = 100;

/** Resolves with true once the condition holds, with false after `timeoutMs`. Rejects with the reason of the signal. */
export async function until(
  condition: () => boolean,
  signal: AbortSignal,
  timeoutMs = Infinity,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await delay(lookEveryMs, undefined, { signal });
  }
  return true;
}

/** The promise, or a rejection with the reason of the signal: for clients that cannot be told to give up. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  promise.catch(() => {});
  return new Promise((resolve, reject) => {
    const give = () => reject(signal.reason as Error);
    if (signal.aborted) give();
    signal.addEventListener('abort', give, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', give));
  });
}
