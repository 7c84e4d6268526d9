import { defineQuery, setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { SearchAttributePair } from '@temporalio/common';
import type { PackSummary } from '../contracts/pack';
import { searchAttributes as attributes } from '../contracts/search-attributes';
import type { JobProgress } from './job-progress';

/** One job as a query and Temporal UI show it. */
export interface JobView {
  id: string;
  pipeline: string;
  stage: string;
  status: string;
  llmAttempts: number;
  lastError?: string;
}

/** Where each job of the workflow stands. */
export const jobsQuery = defineQuery<JobView[]>('jobs');

export function toJobViews(jobs: JobProgress[]): JobView[] {
  return jobs.map(({ job, stage, status, llmAttempts, lastError }) => ({
    id: job.id,
    pipeline: job.pipeline,
    stage,
    status,
    llmAttempts,
    lastError: lastError && `${lastError.code}: ${lastError.message}`,
  }));
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

export function describeJob({ job, lastError }: JobProgress): string {
  return `${job.pipeline} · on its own after ${lastError?.code ?? 'trouble'}`;
}

export function jobSearchAttributes({ job }: JobProgress): SearchAttributePair[] {
  return [
    { key: attributes.jobIds, value: [job.id] },
    { key: attributes.pipelines, value: [job.pipeline] },
    { key: attributes.tenants, value: job.tenant === undefined ? [] : [job.tenant] },
    { key: attributes.status, value: 'running' },
    { key: attributes.jobCount, value: 1 },
  ];
}
