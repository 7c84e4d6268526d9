import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a state: asks until `look` says true. A string it returns instead tells what is missing, for the error.
 *
 * @throws Error after `timeoutMs`, naming the state and what was missing last
 */
export async function eventually(
  state: string,
  look: () => Promise<boolean | string> | boolean | string,
  timeoutMs = 90_000,
): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen === true) return;
    if (Date.now() > giveUpAt) throw new Error(`Not reached: ${state}${seen ? ` (${seen})` : ''}`);
    await delay(50);
  }
}
