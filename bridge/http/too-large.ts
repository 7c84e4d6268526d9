import { HeadwayError } from '../../contracts/errors';
import { beyondLimit, jobLimits } from '../../contracts/limits';

/** What is said of a job that was not even read to its end: how many bytes it may have, and what would raise that. */
export function jobTooLarge(what: 'body' | 'line', limit: number): HeadwayError {
  const stored = limit > jobLimits(false).job;
  const message = `the ${what} has too many bytes; ${beyondLimit(limit, jobLimits(stored))}`;
  return new HeadwayError('HW_RECORD_TOO_LARGE', message);
}
