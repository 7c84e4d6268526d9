import type { JobResult, JobRun } from './job-result';

type ResultOfRun = Pick<JobResult, 'id' | 'source'> & { run?: Pick<JobRun, 'number'> };
type EndedResult = ResultOfRun & { timings: Pick<JobResult['timings'], 'completedAt'> };

/** 1 for the run that the job's record (or request) began, 2 and so on for those somebody started after it had failed. */
export function runNumber({ run }: Pick<ResultOfRun, 'run'>): number {
  return run?.number ?? 1;
}

/**
 * What is promised to be one and the same: two results with the same text here are of one run of one job, and equal byte for
 * byte. Two records with the same job id are two jobs, and are told apart by where they came from.
 */
export function resultIdentity({ id, source, run }: ResultOfRun): string {
  const from =
    source.door === 'kafka'
      ? [source.topic, source.partition, source.offset, source.timestamp]
      : [source.timestamp];
  return JSON.stringify([id, source.door, ...from, runNumber({ run })]);
}

/** The same for the job, whichever of its runs: what tells apart the jobs that share an id. */
export function jobIdentity({ id, source }: Pick<ResultOfRun, 'id' | 'source'>): string {
  return resultIdentity({ id, source });
}

/** Whether a result takes the place of another one under the same key. Runs are in order; jobs that share an id are by time. */
export function isNewer(result: EndedResult, other: EndedResult): boolean {
  if (jobIdentity(result) === jobIdentity(other)) return runNumber(result) > runNumber(other);
  return Date.parse(result.timings.completedAt) > Date.parse(other.timings.completedAt);
}
