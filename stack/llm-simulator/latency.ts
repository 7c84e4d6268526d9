import type { Random } from './random';
import type { SimulatorOptions } from './options';

type LatencyOptions = Pick<
  SimulatorOptions,
  'latencyMinMs' | 'latencyMaxMs' | 'latencySlowMs' | 'latencySlowRatio' | 'timeScale'
>;

/** How long a call takes, in real milliseconds: uniform between the bounds, now and then the slow one. */
export function drawLatencyMs(options: LatencyOptions, random: Random): number {
  const slow = random.chance(options.latencySlowRatio);
  const spread = options.latencyMaxMs - options.latencyMinMs;
  const simulatedMs = slow ? options.latencySlowMs : options.latencyMinMs + random.next() * spread;
  return simulatedMs * options.timeScale;
}
