import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when the condition holds; throws when it still does not after `timeoutMs`. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`Still not so after ${timeoutMs} ms: ${condition.toString()}`);
    await delay(20);
  }
}
