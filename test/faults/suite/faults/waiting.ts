import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../../../../contracts/errors';
import { eventually } from '../../../support/eventually';
import type { KeptProcess } from '../keep-running';
import type { World } from '../world';
import { NoEffect } from './fault';

/** For the signs of a fault, on a machine that is busy. */
const EFFECT_LIMIT_MS = 60_000;
/** Until a process has ended, or is up again: the longest that a server which it needs is away, and some more. */
const PROCESS_LIMIT_MS = 180_000;

/** Waits for a sign that the fault strikes. @throws NoEffect when there is none within a minute */
export async function sign(
  what: string,
  look: () => Promise<boolean | string> | boolean | string,
  limitMs = EFFECT_LIMIT_MS,
): Promise<void> {
  await eventually(what, look, limitMs).catch((error: Error) => {
    throw new NoEffect(error.message);
  });
}

/** Asks Kafka again while a broker that is gone has not been replaced yet. @throws NoEffect after a minute */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await sign('Kafka answers', async () => {
    try {
      answer = { value: await ask() };
      return true;
    } catch (error) {
      if (error instanceof NoEffect) throw error;
      return messageOf(error);
    }
  });
  if (!answer) throw new NoEffect('Kafka does not answer');
  return answer.value;
}

/** Resolves when all of them are up. @throws Error when one is not within three minutes */
export async function allUp(processes: readonly KeptProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => within(one.isUp(), `${one.name} is up`)));
}

/** Kills it, once it is up: who is on its way up is not in the middle of anything. */
export async function killOneThatIsUp(one: KeptProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await allUp([one]);
  await killWithin(one, signal);
}

/** @throws Error when it has not ended within three minutes */
export async function killWithin(one: KeptProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  await within(one.kill(signal), `${one.name} has ended after ${signal}`);
}

/** @throws Error when it has not resolved within three minutes */
export async function within<T>(promise: Promise<T>, what: string, limitMs = PROCESS_LIMIT_MS): Promise<T> {
  const limit = new AbortController();
  const late = delay(limitMs, undefined, { signal: limit.signal }).then(
    () => Promise.reject(new Error(`Not reached within ${limitMs / 1_000} s: ${what}`)),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    limit.abort();
  }
}

/** How often it is done in a run of this scale: at least once. */
export function times(world: World, count: number): number {
  return Math.max(1, Math.round(count * Math.min(1, world.options.faultScale)));
}
