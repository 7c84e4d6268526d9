import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HeadwayError } from '../../contracts/errors';
import { jobResultSchema, type JobResult } from '../../contracts/job-result';
import { JOBS_QUERY, RESULTS_QUERY, type JobState, type ResultsAnswer } from '../../contracts/job-state';
import type { JobSummary } from '../../contracts/retry';
import { unreadable } from '../unreadable';
import type { Execution, JobOf } from './find-job';
import { reachable, REQUEST_MS } from './reachable';

/** Longest wait for a worker: without one, what Temporal itself knows has to do. */
const QUERY_MS = 3_000;

/** The first two events of a history: nothing has looked at the workflow yet, so nobody could answer. */
export const UNTOUCHED_EVENTS = 2;

export interface WorkflowAnswer {
  state?: JobState;
  result?: JobResult;
}

/**
 * Where a job stands as the code of its workflow knows it, which runs on a worker. Undefined when none answers.
 *
 * @throws HeadwayError `HW_PAYLOAD_UNREADABLE` for the answer of a workflow that has ended
 */
export async function askWorkflow(
  client: Client,
  { workflowId, runId, historyLength, status }: Execution,
  { id, tenant }: JobOf,
): Promise<WorkflowAnswer | undefined> {
  const isTheirs = (one: { id: string; tenant?: string }) =>
    one.id === id && (tenant === undefined || one.tenant === tenant);
  if (historyLength <= UNTOUCHED_EVENTS) return undefined;
  const handle = client.workflow.getHandle(workflowId, runId);
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, async () => {
      const states = await handle.query<JobState[]>(JOBS_QUERY);
      const state = mostOpen(states.filter(isTheirs));
      if (state?.endedAt === undefined) return { state };
      const results = await handle.query<ResultsAnswer, [string]>(RESULTS_QUERY, id);
      return { state, result: withoutMark(results.filter(isTheirs).at(-1)) };
    });
  } catch (error) {
    // What became of one that still runs, Temporal tells as well.
    if (status.name !== 'RUNNING') throwUnreadable(error, workflowId);
    // No worker, one that is too busy, or one from before there were these queries.
    return undefined;
  }
}

function throwUnreadable(error: unknown, workflowId: string): void {
  const told = unreadable(error, workflowId);
  if (told instanceof HeadwayError) throw told;
}

/** The states of all jobs of a workflow; undefined when no worker answers. */
export async function askForAll(
  client: Client,
  workflowId: string,
  runId: string,
): Promise<JobState[] | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId, runId).query<JobState[]>(JOBS_QUERY),
    );
  } catch {
    return undefined;
  }
}

/**
 * The result that a workflow of one job ended with. Undefined when it has none, or had to be ended from outside.
 *
 * @throws HeadwayError `HW_PAYLOAD_UNREADABLE`, `HW_SERVER_UNREACHABLE`
 */
export async function closingResult(
  client: Client,
  { workflowId, runId }: Execution,
): Promise<JobResult | undefined> {
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    const summary = await reachable(
      client,
      REQUEST_MS,
      () => handle.result() as Promise<JobSummary | undefined>,
    );
    return jobResultSchema.safeParse(summary?.result).data;
  } catch (error) {
    if (error instanceof HeadwayError) throw error;
    throwUnreadable(error, workflowId);
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    if (!(cause instanceof ApplicationFailure)) return undefined;
    return jobResultSchema.safeParse(cause.details?.[0]).data;
  }
}

/** As it is published. */
function withoutMark(answered: ResultsAnswer[number] | undefined): JobResult | undefined {
  const { confidential: _, ...result } = answered ?? {};
  return answered && (result as JobResult);
}

/** Records that share an id may share a pack: the one that still runs. */
function mostOpen(states: JobState[]): JobState | undefined {
  const order: JobState['status'][] = ['left', 'running'];
  return [...states].sort((a, b) => order.indexOf(b.status) - order.indexOf(a.status))[0];
}
