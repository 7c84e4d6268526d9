import type { Fault } from './faults/fault';
import type { StrikeTime as Strike } from './schedule';

/** From when it was produced until its result was written, milliseconds since 1970. Without a result: until now. */
export interface JobLife {
  id: string;
  producedAt: number;
  endedAt: number;
}

/** `failure`: a code of contracts/errors.ts or a status, where a job ended otherwise than it should. */
export type EndedJob = JobLife & { failure?: string };

/** `repeated`: LLM calls that its result does not know of. */
export type CalledJob = JobLife & { repeated: number };

export interface FailureVerdict {
  /** How many jobs failed though nothing was a reason to, by failure. */
  failed: Record<string, number>;
  /** How many failed as a fault made them, by failure and fault. */
  excused: Record<string, number>;
}

type Relevant = Pick<Fault, 'name' | 'failsJobs' | 'repeatsLlmCalls'>;

/**
 * A failure is excused where the job lived while a fault struck that makes jobs fail like this: the job may have met it at once and
 * failed after long retries. And only as many as the fault may cost: beyond that, Headway gives up too early, and none of them is excused.
 */
export function judgeFailures(
  jobs: readonly EndedJob[],
  strikes: readonly Strike[],
  faults: readonly Relevant[],
): FailureVerdict {
  const verdict: FailureVerdict = { failed: {}, excused: {} };
  const count = (into: Record<string, number>, name: string, by: number) =>
    (into[name] = (into[name] ?? 0) + by);
  const shareOf = (strike: Strike, failure: string): number | undefined => {
    const shares: Partial<Record<string, number>> | undefined = faultOf(strike, faults)?.failsJobs;
    return shares?.[failure];
  };
  const groups = new Map<Strike, Map<string, number>>();
  for (const job of jobs) {
    const { failure } = job;
    if (failure === undefined) continue;
    const reason = strikes.findLast((one) => overlaps(job, one) && shareOf(one, failure) !== undefined);
    if (!reason) {
      count(verdict.failed, failure, 1);
      continue;
    }
    const failures = groups.get(reason) ?? new Map<string, number>();
    groups.set(reason, failures.set(failure, (failures.get(failure) ?? 0) + 1));
  }
  for (const [strike, failures] of groups) {
    const underWay = jobs.filter((job) => overlaps(job, strike)).length;
    for (const [failure, number] of failures) {
      if (number <= mostOf(underWay, shareOf(strike, failure) ?? 0))
        count(verdict.excused, `${failure} (${strike.fault})`, number);
      else count(verdict.failed, `${failure} (more than ${strike.fault} explains)`, number);
    }
  }
  return verdict;
}

/**
 * A line for each job with more LLM calls made again than the strikes in its life can have interrupted. A call is made again only when
 * the attempt that made it was cut off before its id was written down.
 */
export function unexplainedCalls(
  jobs: readonly CalledJob[],
  strikes: readonly Strike[],
  faults: readonly Relevant[],
): string[] {
  return jobs.flatMap((job) => {
    const during = strikes.filter((strike) => overlaps(job, strike));
    const most = during.reduce((sum, strike) => sum + (faultOf(strike, faults)?.repeatsLlmCalls ?? 0), 0);
    if (job.repeated <= most) return [];
    const names = during.map(({ fault }) => fault).join(', ') || 'no fault';
    return [`${job.id}: ${job.repeated} again, during ${names}`];
  });
}

function faultOf(strike: Strike, faults: readonly Relevant[]): Relevant | undefined {
  return faults.find(({ name }) => name === strike.fault);
}

function overlaps(job: JobLife, strike: Strike): boolean {
  return job.producedAt <= strike.endedAt && job.endedAt >= strike.beganAt;
}

/** Where each of so many fails with this probability, more than that happens once in about a thousand times. */
function mostOf(jobs: number, share: number): number {
  return Math.min(jobs, Math.ceil(jobs * share + 3 * Math.sqrt(jobs * share * (1 - share))));
}
