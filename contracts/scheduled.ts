import type { PackJob } from './pack';

/** A job that may not begin for longer than this, in milliseconds, is a scheduled one: it is not among what a bridge counts as in flight. */
const SCHEDULED_MS = 30_000;

/** Milliseconds from `now` until a job may begin; 0 when it may at once. */
export function untilBegin({ notBefore }: Pick<PackJob, 'notBefore'>, now: number): number {
  return notBefore === undefined ? 0 : Math.max(0, Date.parse(notBefore) - now);
}

/** Of several jobs in one workflow, those that would keep it open long after the first of them may begin: places in `jobs`. */
export function longAfterTheFirst(jobs: readonly Pick<PackJob, 'notBefore'>[], now: number): number[] {
  const waits = jobs.map((job) => untilBegin(job, now));
  const first = Math.min(...waits);
  return waits.flatMap((waitMs, index) => (waitMs - first > SCHEDULED_MS ? [index] : []));
}

/** What the search attribute `HeadwayStatus` of a workflow is when it starts. */
export function statusAtStart(
  jobs: readonly Pick<PackJob, 'notBefore'>[],
  now: number,
): 'running' | 'scheduled' {
  return jobs.every((job) => untilBegin(job, now) > SCHEDULED_MS) ? 'scheduled' : 'running';
}
