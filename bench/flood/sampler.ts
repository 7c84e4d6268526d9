import { setTimeout as delay } from 'node:timers/promises';
import type { Point } from '../line-chart';

export interface Sampler {
  /** Of one measure: its values over time, in seconds since the beginning. */
  points(name: string): Point[];
  highest(name: string): number;
  last(name: string): number;
  stop(): Promise<void>;
}

const EVERY_MS = 1_000;

/** Reads some measures once a second. A reading that fails is left out. */
export function startSampler(read: () => Promise<Record<string, number>>): Sampler {
  const beganAt = Date.now();
  const samples: { seconds: number; values: Record<string, number> }[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const seconds = Math.round((Date.now() - beganAt) / 100) / 10;
      const values = await read().catch(() => undefined);
      if (values) samples.push({ seconds, values });
      await delay(EVERY_MS);
    }
  })();
  const points = (name: string) =>
    samples.flatMap(({ seconds, values }) => {
      const value = values[name];
      return value === undefined ? [] : [{ seconds, value }];
    });
  return {
    points,
    highest: (name) => Math.max(0, ...points(name).map(({ value }) => value)),
    last: (name) => points(name).at(-1)?.value ?? 0,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** The metrics of a process by name, with its first label where that is needed; 0 for what is not there. */
export async function readMetrics(statusAddress: string): Promise<(name: string) => number> {
  const page = await (await fetch(`${statusAddress}/metrics`)).text();
  const lines = page.split('\n');
  return (name) => {
    const line = lines.find((one) => one.startsWith(name) && /[{, ]/.test(one.charAt(name.length)));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
}
