import { resultHeaders, traceHeaders } from '../../contracts/headers';
import type { JobResult } from '../../contracts/job-result';
import { noUsage } from '../../contracts/no-usage';
import type { PackJob } from '../../contracts/pack';
import type { OutgoingRecord } from '../../runtime/kafka/send';
import type { ClosedPack, Holders } from './find-holders';
import type { RecordTable } from './record-table';
import { kindOf } from './summarise';
import type { FoundWorkflow, WorkflowLookup } from './workflow-lookup';

/** The result of a job whose workflow was ended from outside, before it could publish one. */
export interface MissingResult {
  result: JobResult;
  job: PackJob;
}

export interface MissingResults {
  results: MissingResult[];
  /** How many were left out, as their workflow was ended only just now. */
  tooRecent: number;
}

/** Only these end a workflow without running its code. */
const endedFromOutside = ['TERMINATED', 'TIMED_OUT'];

/** A worker may still be publishing for a workflow that has just been ended; by then it has given up. */
export const SETTLED_AFTER_MS = 60_000;

export interface FindMissingResultsOptions {
  tables: ReadonlyMap<number, RecordTable>;
  holders: Holders;
  lookup: WorkflowLookup;
  /** Milliseconds since 1970. */
  now: number;
  /** For how long a workflow must have been closed. */
  settledAfterMs: number;
}

/**
 * Results for the lost jobs of terminated workflows. For the same job they are the same bytes each time, so that publishing
 * them twice is harmless.
 */
export async function findMissingResults(options: FindMissingResultsOptions): Promise<MissingResults> {
  const missing: MissingResults = { results: [], tooRecent: 0 };
  for (const pack of options.holders.closed) {
    const table = options.tables.get(pack.partition);
    const lost = table ? lostRows(table, pack) : [];
    if (!table || lost.length === 0) continue;
    for (const job of (await options.lookup.jobsOf(pack)) ?? []) {
      const row = lost.find((one) => table.isSource(one, job.source));
      if (row === undefined) continue;
      const workflow = pack.closedJobs.get(table.offsetOf(row)) ?? pack;
      const { status, closedAt } = workflow;
      if (!endedFromOutside.includes(status) || closedAt === undefined) continue;
      if (options.now - closedAt < options.settledAfterMs) missing.tooRecent += 1;
      else missing.results.push({ job, result: failedResult(job, workflow, closedAt) });
    }
  }
  return missing;
}

export function tooRecentWarning(count: number, settledAfterMs: number): string {
  return (
    `Not published: ${count} missing results of workflows that were terminated less than ${settledAfterMs / 1_000} s ago, since a ` +
    'worker may still be publishing for them. Run it again.'
  );
}

export function toRecord({ result, job }: MissingResult): OutgoingRecord {
  const headers: Record<string, string> = {
    [resultHeaders.status]: result.status,
    [resultHeaders.pipeline]: result.pipeline,
  };
  if (job.traceparent) headers[traceHeaders.traceparent] = job.traceparent;
  if (job.tracestate) headers[traceHeaders.tracestate] = job.tracestate;
  return { key: result.id, value: JSON.stringify(result), headers };
}

function lostRows(table: RecordTable, pack: ClosedPack): number[] {
  const rows: number[] = [];
  for (let offset = pack.firstOffset; offset <= pack.lastOffset; offset += 1) {
    const row = table.rowOf(offset);
    if (row !== undefined && kindOf(table, row) === 'lost') rows.push(row);
  }
  return rows;
}

/** What it cost and where it stood nobody knows any more. */
function failedResult(job: PackJob, workflow: FoundWorkflow, closedAt: number): JobResult {
  const { workflowId, runId, status, startedAt } = workflow;
  const how = status === 'TIMED_OUT' ? 'timed out' : 'was terminated';
  return {
    id: job.id,
    pipeline: job.pipeline,
    status: 'failed',
    error: {
      stage: 'publish',
      type: 'HW_WORKFLOW_TERMINATED',
      message: `Workflow ${workflowId} ${how} before the job had a result.`,
      attempts: 1,
    },
    tenant: job.tenant,
    metadata: job.metadata,
    usage: noUsage,
    timings: {
      receivedAt: iso(job.source.timestamp),
      startedAt: iso(startedAt),
      completedAt: iso(closedAt),
      queuedMs: Math.max(0, startedAt - job.source.timestamp),
      llmMs: 0,
      totalMs: Math.max(0, closedAt - job.source.timestamp),
    },
    source: job.source,
    workflow: { id: workflowId, runId },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
