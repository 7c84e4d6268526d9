import { terminalStatusSchema } from '../../contracts/job-result';
import type { JobStatus, JobView } from '../../contracts/job-view';

/** Where a job is: its id may hold anything, and a `:` or `/` of its own must not look like one of the path. */
export function locationOf({ id }: Pick<JobView, 'id'>): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

export function hasEnded({ status }: { status: JobStatus }): boolean {
  return terminalStatusSchema.options.some((terminal) => terminal === status);
}

/** 200: here it is, with its end. 202: it is durable, and goes on. */
export function statusOf(view: JobView): 200 | 202 {
  return hasEnded(view) ? 200 : 202;
}
