import type { PackJob } from '../contracts/pack';

/** Milliseconds until a job may begin; 0 when it may at once. */
export function untilBegin({ notBefore }: PackJob): number {
  return notBefore === undefined ? 0 : Math.max(0, Date.parse(notBefore) - Date.now());
}
