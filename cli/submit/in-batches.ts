import { setTimeout as delay } from 'node:timers/promises';

export interface BatchLimits {
  items: number;
  bytes: number;
  /** A batch that is not full goes on after so many milliseconds, as more may not come for hours. */
  waitMs: number;
}

/** Items in batches, each with at least one; one that is too large for the limit comes by itself. */
export async function* inBatches<Item>(
  source: AsyncIterable<Item>,
  sizeOf: (item: Item) => number,
  limits: BatchLimits,
): AsyncGenerator<Item[]> {
  const items = source[Symbol.asyncIterator]();
  // Awaited below; until then an error of the source is nobody's.
  const read = () => {
    const one = items.next();
    one.catch(() => undefined);
    return one;
  };
  let next = read();
  for (;;) {
    const first = await next;
    if (first.done) return;
    const batch = [first.value];
    let bytes = sizeOf(first.value);
    const over = new AbortController();
    const late = delay(limits.waitMs, 'late' as const, { signal: over.signal }).catch(() => 'late' as const);
    next = read();
    try {
      while (batch.length < limits.items) {
        const more = await Promise.race([next, late]);
        if (more === 'late' || more.done) break;
        bytes += sizeOf(more.value);
        if (bytes > limits.bytes) break;
        batch.push(more.value);
        next = read();
      }
    } catch {
      // What is here goes first; the error comes again with the next batch.
    } finally {
      over.abort();
    }
    yield batch;
  }
}
