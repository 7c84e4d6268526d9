/** From producing a job until its result was written, while nothing struck. */
export interface Latency {
  jobs: number;
  medianMs: number;
}

/** What a machine that is busy with something else may cost. A fault whose traces stay costs as long as it has lasted, mostly a minute. */
const MOST_TIMES_SLOWER = 3;
const MOST_MS_SLOWER = 3_000;

/** Of jobs that all have their result; times in milliseconds since 1970. */
export function latencyOf(jobs: readonly { producedAt: number; endedAt: number }[]): Latency {
  const sorted = jobs.map(({ producedAt, endedAt }) => endedAt - producedAt).sort((a, b) => a - b);
  return { jobs: sorted.length, medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0 };
}

/** True where jobs after a fault take longer than before all faults, by more than the noise of a machine. */
export function hasSlowedDown(before: Latency, after: Latency): boolean {
  return after.medianMs > before.medianMs * MOST_TIMES_SLOWER + MOST_MS_SLOWER;
}
