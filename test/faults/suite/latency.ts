/** From producing a job until its result was written, while nothing struck. */
export interface Latency {
  jobs: number;
  medianMs: number;
  /** Nine of ten took no longer. */
  p90Ms: number;
}

/** What a busy machine, and the few jobs that are slow by themselves, may make of it. */
const MOST_TIMES_SLOWER = 3;
const MOST_MS_SLOWER = 3_000;

/** Of jobs that all have their result; times in milliseconds since 1970. */
export function latencyOf(jobs: readonly { producedAt: number; endedAt: number }[]): Latency {
  const sorted = jobs.map(({ producedAt, endedAt }) => endedAt - producedAt).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { jobs: sorted.length, medianMs: at(0.5), p90Ms: at(0.9) };
}

/**
 * True where a fault has left something behind that makes jobs slow, though all those that it struck are done: for many of them, or for
 * those of one partition or process.
 */
export function hasSlowedDown(before: Latency, after: Latency): boolean {
  const slower = (a: number, b: number) => b > a * MOST_TIMES_SLOWER + MOST_MS_SLOWER;
  return slower(before.medianMs, after.medianMs) || slower(before.p90Ms, after.p90Ms);
}
