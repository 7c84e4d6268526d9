import type { Kafka } from 'kafkajs';
import { HeadwayError, type ErrorCode } from '../../../contracts/errors';
import type { JobRetry } from '../../retry-job';
import { findFailedJobs, type FailedJob } from './failed-jobs';

/** The server saturates at 8 starts at a time. */
const CONCURRENCY = 8;

export interface RetryFailedOptions {
  kafka: Kafka;
  /** The results topic. */
  topic: string;
  retry: JobRetry;
  filter: (job: FailedJob) => boolean;
  /** At most so many jobs. */
  limit?: number;
  /** Looks, checks and counts; starts nothing. */
  dryRun?: boolean;
  /** How many jobs to name. */
  examples?: number;
  onProgress?: (what: string, done: number, total: number) => void;
  /** Stops between two starts. */
  signal?: AbortSignal;
}

export interface RetryFailedReport {
  dryRun: boolean;
  interrupted: boolean;
  /** Jobs whose newest result is that they failed. */
  failed: number;
  /** Of these, those the filters ask for. */
  selected: number;
  /** Runs that were (or would be) started. */
  started: number;
  /** Asked for, but not started, by error code: why. */
  kept: Partial<Record<ErrorCode, number>>;
  /** Those started, by error code and pipeline, the most frequent first. */
  groups: { code: string; pipeline: string; jobs: number }[];
  examples: { jobId: string; code: string; reason: string }[];
}

/**
 * Runs jobs again whose newest result is that they failed. A job that somebody else is running again already is left alone, so
 * that this can be run, and interrupted, any number of times.
 *
 * @throws what kept Kafka or Temporal from answering
 */
export async function retryFailed(options: RetryFailedOptions): Promise<RetryFailedReport> {
  const { retry, filter, limit = Infinity, dryRun = false, examples = 0, onProgress, signal } = options;
  const jobs = await findFailedJobs({
    ...options,
    onProgress: (done, total) => onProgress?.('reading results', done, total),
  });
  const selected = jobs.filter(filter);
  const groups = new Map<string, RetryFailedReport['groups'][number]>();
  const report: RetryFailedReport = {
    dryRun,
    interrupted: false,
    failed: jobs.length,
    selected: selected.length,
    started: 0,
    kept: {},
    groups: [],
    examples: [],
  };
  const asked = Math.min(limit, selected.length);
  const jobsToTry = selected.values();
  let inFlight = 0;
  let broken = false;
  /** Goes on as long as there may be a place left: one that is not started takes none. */
  const worker = async () => {
    while (report.started + inFlight < limit && !signal?.aborted && !broken) {
      const { value: job } = jobsToTry.next();
      if (!job) return;
      inFlight += 1;
      try {
        await tryOne(job);
      } catch (error) {
        broken = true;
        throw error;
      } finally {
        inFlight -= 1;
      }
      onProgress?.(dryRun ? 'checking' : 'starting', report.started, asked);
    }
  };
  const outcomes = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure) throw failure.reason;
  const sorted = [...groups.values()].sort(
    (a, b) => b.jobs - a.jobs || a.code.localeCompare(b.code) || a.pipeline.localeCompare(b.pipeline),
  );
  return { ...report, groups: sorted, interrupted: signal?.aborted ?? false };

  async function tryOne(job: FailedJob): Promise<void> {
    try {
      await (dryRun ? retry.check(job) : retry.run(job));
      count(job);
    } catch (error) {
      if (!isOfJob(error)) throw error;
      report.kept[error.code] = (report.kept[error.code] ?? 0) + 1;
    }
  }

  function count({ id, pipeline, error: { type, message } }: FailedJob): void {
    report.started += 1;
    const key = JSON.stringify([type, pipeline]);
    const group = groups.get(key) ?? { code: type, pipeline, jobs: 0 };
    group.jobs += 1;
    groups.set(key, group);
    if (report.examples.length < examples) report.examples.push({ jobId: id, code: type, reason: message });
  }
}

/** What one job is about; anything else would happen to all of them. */
function isOfJob(error: unknown): error is HeadwayError {
  return error instanceof HeadwayError && error.code !== 'HW_SERVER_UNREACHABLE';
}
