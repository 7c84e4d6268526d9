import { setTimeout as delay } from 'node:timers/promises';

/**
 * What the promise gives, or, where it has not settled after so many milliseconds, what `otherwise` gives or throws. The limit does not keep the process
 * running, and whatever the promise stands for goes on.
 */
export async function within<Value>(
  milliseconds: number,
  promise: Promise<Value>,
  otherwise: () => Value,
): Promise<Value> {
  const settled = new AbortController();
  const late = delay(milliseconds, undefined, { signal: settled.signal, ref: false });
  try {
    return await Promise.race([promise, late.then(otherwise, () => promise)]);
  } finally {
    settled.abort();
  }
}
