import type { RunContext } from '../../contenders/contender';
import type { BenchStack } from '../bench-stack';
import type { MeasurementOptions } from '../measurement';
import type { SystemPart } from './parts';

/** A way of getting a job from the queue topic through the LLM to the results topic. */
export interface Way {
  name: string;
  title: string;
  /** One line: settings and versions. */
  about: string;
  /** Jobs of a round: so many that it is mostly work. */
  jobs: Record<MeasurementOptions['size'], number>;
  /** Jobs that answer at once, before the clock runs. */
  warmUp: number;
  /**
   * Starts its processes. Resolves when they consume.
   * @throws NotRunnable where this machine cannot run it
   */
  start(context: WayContext): Promise<RunningWay>;
}

export interface WayContext {
  bench: BenchStack;
  /** As many slots as there are jobs: nobody waits for one. */
  run: RunContext;
}

export interface RunningWay {
  /** Those that are not the same for everybody; children are found. */
  pids: () => Partial<Record<SystemPart, number[]>>;
  /** The task queue of its workflows, where it has some on the Temporal server. */
  taskQueue?: string;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}
