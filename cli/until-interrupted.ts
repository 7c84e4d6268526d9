/**
 * What the source gives until `signal` is aborted, also while it gives nothing: a person may be at the keyboard, or a pipe that stays quiet.
 *
 * @throws the reason of `signal`; what the source throws
 */
export async function* untilInterrupted<Item>(
  source: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const items = source[Symbol.asyncIterator]();
  let interrupt = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = () => reject(signal.reason as Error);
  });
  interrupted.catch(() => undefined);
  if (signal.aborted) interrupt();
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    for (;;) {
      const next = items.next();
      // When interrupted, nobody asks how the reading goes on.
      next.catch(() => undefined);
      const item = await Promise.race([interrupted, next]);
      if (item.done) return;
      yield item.value;
    }
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
