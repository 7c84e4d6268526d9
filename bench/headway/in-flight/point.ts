/** Whose memory is looked at. */
export const memoryParts = ['worker', 'engine', 'database', 'bridge'] as const;
export type MemoryPart = (typeof memoryParts)[number];

export const memoryTitles: Record<MemoryPart, string> = {
  worker: 'worker',
  engine: 'Temporal',
  database: 'its PostgreSQL',
  bridge: 'bridge',
};

/** From the first record to the last call, from there to the first answer, from there to the last result. */
export const phases = ['starting', 'waiting', 'ending'] as const;
export type Phase = (typeof phases)[number];

/** So many jobs at once, measured once. */
export interface Point {
  jobs: number;
  /** Calls that the simulator had at the same time, at most. */
  atOnce: number;
  /** How long the LLM takes for a call, each by itself. */
  llmMs: { from: number; to: number };
  /** From the first record until the last call had begun. */
  startMs: number;
  /** Megabytes of a part's processes: before the first record, and while most calls were in flight. Parts without a process are absent. */
  megabytes: Partial<Record<MemoryPart, { before: number; inFlight: number }>>;
  /** Of the worker's event loop. `waiting` is absent where the first call ended before the last had begun. */
  loopDelayMs: Partial<Record<Phase, LoopDelay>>;
  /** From the end of a job's LLM call to its result on the topic. */
  lagMs: { p50: number; p95: number; p99: number };
  /** From the first record until everything is closed. */
  cpuMsPerJob: Partial<Record<MemoryPart, number>>;
}

/** Milliseconds between two turns of a timer of 10 ms: a loop that is never late has 10. */
export interface LoopDelay {
  p50: number;
  p99: number;
  max: number;
}

/** What a job that waits takes. */
export function kilobytesPerJob(
  { megabytes, atOnce }: Pick<Point, 'megabytes' | 'atOnce'>,
  part: MemoryPart,
): number | undefined {
  const own = megabytes[part];
  return own && ((own.inFlight - own.before) * 1_024) / atOnce;
}
