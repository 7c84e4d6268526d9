import { NotRunnable, type Contender } from '../contenders/contender';
import type { CompareOptions } from './options';
import { planRuns, settleLimits, type PlannedRun } from './plan';
import type { Run, World } from './run';
import { runOnce } from './run-once';
import { within } from './within';

/** How many there are: the same for everyone. */
export const CONSUMERS = 2;

export interface Compared {
  /** Those that ran. */
  contenders: Contender[];
  notRun: { contender: Contender; reason: string }[];
  runs: Run[];
}

export interface ProgressOfAll {
  done: number;
  of: number;
  run: PlannedRun;
  doing: string;
  /** By what runs took so far. */
  remainingMs: number;
}

const PREPARE_MS = 20 * 60_000;

/** All runs, one after the other. What one contender cannot do, or does badly, stops no other. */
export async function compare(
  world: World,
  contenders: readonly Contender[],
  options: CompareOptions,
  onProgress: (progress: ProgressOfAll) => void,
  onRun: (run: Run) => Promise<void> | void,
): Promise<Compared> {
  const { runnable, notRun } = await prepareAll(world, contenders);
  const planned = planRuns(runnable, options);
  const runs: Run[] = [];
  let tookMs = 0;
  let estimatedMs = 0;
  for (const [done, run] of planned.entries()) {
    const leftMs = planned.slice(done).reduce((total, one) => total + one.estimatedMs, 0);
    const factor = estimatedMs === 0 ? 1 : tookMs / estimatedMs;
    const beganAt = performance.now();
    const tell = (doing: string) =>
      onProgress({
        ...{ done, of: planned.length, run, doing },
        remainingMs: Math.max(0, leftMs * factor - (performance.now() - beganAt)),
      });
    const finished = await runOnce(world, run.contender, {
      ...{ scenario: run.scenario, repetition: run.repetition, seed: options.seed },
      ...{ timeScale: options.timeScale, slots: options.slots, consumers: CONSUMERS },
      limits: settleLimits(options.timeScale, options.mode),
      onProgress: tell,
    });
    tookMs += performance.now() - beganAt;
    estimatedMs += run.estimatedMs;
    runs.push(finished);
    await onRun(finished);
  }
  return { contenders: runnable, notRun, runs };
}

async function prepareAll(world: World, contenders: readonly Contender[]) {
  const runnable: Contender[] = [];
  const notRun: Compared['notRun'] = [];
  for (const contender of contenders) {
    const given = new AbortController();
    const { cacheDir, log } = world;
    try {
      const prepared = contender.prepare({ cacheDir, log, signal: given.signal });
      await within(PREPARE_MS, 'its installation', prepared);
      runnable.push(contender);
    } catch (error) {
      given.abort(error);
      const reason = (error as Error).message;
      notRun.push({
        contender,
        reason: error instanceof NotRunnable ? reason : `it could not be installed: ${reason}`,
      });
    }
  }
  return { runnable, notRun };
}
