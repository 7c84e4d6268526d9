/** Lets at most `concurrency` tasks run at a time; the others wait in order. */
export function createLimit(concurrency: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      // The place is handed on, so `running` stays as it is while somebody waits.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
