import type { Contender } from '../contenders/contender';
import type { CompareOptions } from './options';
import type { Scenario } from './scenarios';
import type { SettleLimits } from './settle';

export interface PlannedRun {
  contender: Contender;
  scenario: Scenario;
  repetition: number;
  /** A guess, before any has run. */
  estimatedMs: number;
}

/** Start and stop of servers and consumers: of those at hand, what most need. */
const AROUND_MS = 15_000;

/**
 * Contenders alternate: each repetition goes through the scenarios, and each scenario through the contenders, which begin with another one every
 * time, so that none always runs first.
 */
export function planRuns(
  contenders: readonly Contender[],
  { scenarios, repetitions, timeScale, mode }: CompareOptions,
): PlannedRun[] {
  const limits = settleLimits(timeScale, mode);
  const runs: PlannedRun[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [index, scenario] of scenarios.entries()) {
      const first = contenders.length === 0 ? 0 : (repetition + index) % contenders.length;
      for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
        const settlesMs = limits.mostMs / 2;
        const estimatedMs = AROUND_MS + scenario.seconds * 1_000 * timeScale + settlesMs;
        runs.push({ contender, scenario, repetition, estimatedMs });
      }
    }
  }
  return runs;
}

/**
 * How long a run is watched after its last job was sent. A full one waits as long as work may still come back: longer than any lease, lock or
 * session. A quick one says "unfinished" sooner.
 */
export function settleLimits(timeScale: number, mode: CompareOptions['mode']): SettleLimits {
  return mode === 'quick'
    ? { lingerMs: 2_000, quietMs: 15_000, mostMs: 25_000 }
    : { lingerMs: 8_000, quietMs: Math.max(20_000, 120_000 * timeScale), mostMs: 300_000 * timeScale };
}
