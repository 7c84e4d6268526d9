import {
  ApplicationFailure,
  defineQuery,
  defineUpdate,
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import { HIDDEN_MESSAGE, markOf } from '../contracts/confidential';
import type { JobResult } from '../contracts/job-result';
import {
  CANCEL_JOB_UPDATE,
  JOBS_QUERY,
  RESULTS_QUERY,
  TAKEN_TOO_LATE,
  type CancelAnswer,
  type CancelQuestion,
  type JobState,
  type ResultsAnswer,
} from '../contracts/job-state';
import type { PackSummary } from '../contracts/pack';
import { statusAtStart } from '../contracts/scheduled';
import { searchAttributes as attributes } from '../contracts/search-attributes';
import type { JobProgress } from './job-progress';
import { BATCH_MAX_BYTES, jsonBytes } from './size';

/** Where each job of the workflow stands. */
export const jobsQuery = defineQuery<JobState[]>(JOBS_QUERY);

/** The published results of the jobs with this id. */
export const resultsQuery = defineQuery<ResultsAnswer, [id: string]>(RESULTS_QUERY);

/** Ends a job that has no end yet. Its result is published, its LLM call stopped. */
export const cancelJobUpdate = defineUpdate<CancelAnswer, CancelQuestion>(CANCEL_JOB_UPDATE);

/**
 * Refuses what was asked for so long ago that whoever did has been told that nothing has happened: the server keeps an update until a worker
 * comes. A refused one leaves nothing in the history, and a replay does not ask.
 */
export const stillWanted = {
  validator: (...[, , wantedUntil]: CancelQuestion): void => {
    if (wantedUntil === undefined || Date.now() <= wantedUntil) return;
    const late = Date.now() - wantedUntil;
    const message = `it was wanted until ${late} ms before a worker took it`;
    throw ApplicationFailure.nonRetryable(message, TAKEN_TOO_LATE);
  },
};

export function toJobState(progress: JobProgress, result?: JobResult): JobState {
  const { job, status, stage, startedAt, leftAs, llmAttempts, nextAttemptAt, lastError } = progress;
  const { id, pipeline, tenant, priority, deadline, notBefore, source } = job;
  const request = { id, pipeline, tenant, priority, deadline, notBefore, receivedAt: source.timestamp };
  const endedAt = result && Date.parse(result.timings.completedAt);
  return {
    ...markOf(progress),
    ...request,
    startedAt,
    stage,
    status,
    leftAs,
    llmAttempts,
    nextAttemptAt,
    // Of a bad answer it may hold the whole, and an answer to a query holds many.
    lastError: lastError && { code: lastError.code, message: lastError.message },
    endedAt,
  };
}

/** What became of a job, for whoever asked to cancel it. */
export function toCancelAnswer({ status, leftAs }: JobProgress, id: string): CancelAnswer {
  if (status === 'running') return { outcome: 'unknown' };
  if (status === 'left') return { outcome: 'left', leftAs: leftAs ?? id };
  return status === 'cancelled' ? { outcome: 'cancelled' } : { outcome: 'ended', status };
}

/**
 * A result as the workflow returns it, so that it can be read without a worker. It stands in the history already, and a fat one is not put there
 * again.
 */
export function closingResult(result: JobResult | undefined): JobResult | undefined {
  return result && jsonBytes(result) <= BATCH_MAX_BYTES ? result : undefined;
}

/** What the workflow of a single job that failed ends with. */
export function jobFailure(progress: JobProgress, result: JobResult | undefined): ApplicationFailure {
  const { confidential, lastError } = progress;
  const message = confidential ? HIDDEN_MESSAGE : lastError?.message;
  return ApplicationFailure.nonRetryable(
    message,
    lastError?.code,
    result && { ...result, ...markOf(progress) },
  );
}

/** Puts the current stage into the details of Temporal UI. Held in memory only: costs no history event. */
export function showProgress(jobs: JobProgress[]): void {
  const counts = new Map<string, number>();
  for (const { status, stage } of jobs) {
    const key = status === 'running' ? `in ${stage}` : status;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  setCurrentDetails([...counts].map(([key, count]) => `- **${count}** ${key}`).join('\n'));
}

/** Whether whoever started this workflow said that all its jobs wait for their time. Those of before never did. */
export function startedAsScheduled(): boolean {
  return workflowInfo().typedSearchAttributes.get(attributes.status) === 'scheduled';
}

/** From here on the workflow counts as being in flight. A worker of before, which may have begun it, does not say so. */
export function showBegun(): void {
  if (!patched('shows-begun')) return;
  upsertSearchAttributes([{ key: attributes.status, value: 'running' }]);
}

/** The last word on a workflow: its search attributes and its return value. */
export function showEnd(jobs: JobProgress[]): PackSummary {
  const summary: PackSummary = { completed: 0, failed: 0, cancelled: 0, expired: 0, left: 0 };
  for (const { status } of jobs) if (status !== 'running') summary[status] += 1;
  const statuses = new Set(jobs.map((job) => job.status));
  const [status] = statuses;
  showProgress(jobs);
  upsertSearchAttributes([
    { key: attributes.status, value: statuses.size === 1 && status ? status : 'mixed' },
    { key: attributes.failedCount, value: summary.failed },
  ]);
  return summary;
}

/** @param now milliseconds of the Unix epoch, as the workflow has it */
export function describeJob({ job, lastError }: JobProgress, now: number): string {
  if (lastError === undefined && statusAtStart([job], now) === 'scheduled')
    return `${job.pipeline} · on its own, not before ${job.notBefore}`;
  return `${job.pipeline} · on its own after ${lastError?.code ?? 'trouble'}`;
}

/** @param now as above */
export function jobSearchAttributes({ job }: JobProgress, now: number): SearchAttributePair[] {
  return [
    { key: attributes.jobIds, value: [job.id] },
    { key: attributes.pipelines, value: [job.pipeline] },
    { key: attributes.tenants, value: job.tenant === undefined ? [] : [job.tenant] },
    { key: attributes.status, value: statusAtStart([job], now) },
    { key: attributes.jobCount, value: 1 },
  ];
}
