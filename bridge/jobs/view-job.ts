import type { Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import type { Stage, WorkflowRun } from '../../contracts/job-result';
import type { JobState } from '../../contracts/job-state';
import type { JobStatus, JobView } from '../../contracts/job-view';
import type { PackJob } from '../../contracts/pack';
import { retryMemoSchema } from '../../contracts/retry';
import { searchAttributes } from '../../contracts/search-attributes';
import { readCarriedJobs } from '../read-carried-jobs';
import { askWorkflow, closingResult, UNTOUCHED_EVENTS } from './ask-workflow';
import { unknownJob, type Execution, type JobOf } from './find-job';
import { reachable, REQUEST_MS } from './reachable';

const stageOfActivity: Record<string, Stage> = {
  enrichJobs: 'enrich',
  enrichJob: 'enrich',
  startLlmCalls: 'call-llm',
  awaitLlmCalls: 'call-llm',
  callLlm: 'call-llm',
  postProcess: 'post-process',
  postProcessJob: 'post-process',
  publishResults: 'publish',
};

/** Where a job stands, put together from what Temporal and, where one is there, a worker know. `leftAs` names the workflow it has left for. */
export async function viewJob(
  client: Client,
  execution: Execution,
  jobOf: JobOf,
): Promise<{ view: JobView; leftAs?: string }> {
  const running = execution.status.name === 'RUNNING';
  let lastError: JobView['lastError'];
  // Where Temporal tells how the job ended, that can be said without its result.
  const unlessUnreadable = (error: unknown) => {
    if (!(error instanceof HeadwayError) || error.code !== 'HW_PAYLOAD_UNREADABLE') throw error;
    lastError = { type: error.code, message: error.message };
    return undefined;
  };
  let result =
    !running && isAlone(execution)
      ? await closingResult(client, execution).catch(unlessUnreadable)
      : undefined;
  const answer =
    result || lastError ? undefined : await askWorkflow(client, execution, jobOf).catch(unlessUnreadable);
  result ??= answer?.result;
  const state = answer?.state;
  const view: JobView = {
    ...requestView(state ?? (await carriedJob(client, runOf(execution).workflow, jobOf))),
    ...(result ? { status: result.status } : progressOf(execution, state)),
    startedAt: result?.timings.startedAt ?? iso(state?.startedAt),
    completedAt: result?.timings.completedAt ?? iso(state?.endedAt),
    ...runOf(execution),
    ...(lastError && { lastError }),
    result,
  };
  return { view, leftAs: state?.status === 'left' ? state.leftAs : undefined };
}

/** Whether the workflow carries a single job. */
export function isAlone({ typedSearchAttributes }: Pick<Execution, 'typedSearchAttributes'>): boolean {
  return (typedSearchAttributes.get(searchAttributes.jobCount) ?? 1) === 1;
}

export function requestView(
  job: JobState | PackJob,
): Pick<JobView, 'id' | 'pipeline' | 'tenant' | 'priority' | 'deadline' | 'notBefore' | 'receivedAt'> {
  const { id, pipeline, tenant, priority, deadline, notBefore } = job;
  const receivedAt = 'source' in job ? job.source.timestamp : job.receivedAt;
  return {
    id,
    pipeline,
    tenant,
    priority,
    deadline,
    notBefore,
    receivedAt: new Date(receivedAt).toISOString(),
  };
}

type Progress = Pick<JobView, 'status' | 'stage' | 'attempts' | 'nextAttemptAt' | 'lastError'>;

/** Of a job whose result is not at hand. */
function progressOf(execution: Execution, state?: JobState): Progress {
  const { status, historyLength } = execution;
  const endedOutside = status.name !== 'RUNNING' && state?.endedAt === undefined;
  if (state && !endedOutside) return { ...progressInWorkflow(state), ...retriesOf(execution, state) };
  const shown = execution.typedSearchAttributes.get(searchAttributes.status);
  if (status.name === 'RUNNING') {
    const begun = historyLength > UNTOUCHED_EVENTS && shown !== 'scheduled';
    return { status: begun ? 'in_progress' : 'queued' };
  }
  if (isEnd(shown)) return { status: shown };
  if (shown === 'mixed') throw nobodyTells(execution);
  return endedFromOutside(execution.workflowId);
}

/** Of a pack that came to its end by itself: its jobs ended in different ways. */
function nobodyTells({ workflowId, raw }: Execution): HeadwayError {
  const version = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId;
  const whose = version ? `of version ${version} ` : '';
  const message = `the job has ended, in workflow ${workflowId}; no worker ${whose}is there to say how`;
  return new HeadwayError('HW_NO_WORKER', message);
}

/** Of a job whose workflow somebody terminated before it had a result. */
export function endedFromOutside(workflowId: string): Pick<JobView, 'status' | 'lastError'> {
  const message = `The workflow ${workflowId} was ended from outside.`;
  return { status: 'failed', lastError: { type: 'HW_WORKFLOW_TERMINATED', message } };
}

/** A job counts as ended when its result is published. */
export function progressInWorkflow(state: JobState): Progress {
  const { status, stage, llmAttempts, nextAttemptAt, notBefore } = state;
  if (state.endedAt !== undefined && isEnd(status)) return { status };
  if (stage === 'enrich' && notBefore !== undefined && Date.parse(notBefore) > Date.now()) {
    return { status: 'queued' };
  }
  return {
    status: 'in_progress',
    stage,
    attempts: stage === 'call-llm' ? llmAttempts : 1,
    nextAttemptAt: iso(nextAttemptAt),
    lastError: state.lastError && { type: state.lastError.code, message: state.lastError.message },
  };
}

/** What the workflow does not know, since Temporal does it: activities that are being tried again. */
function retriesOf({ raw }: Execution, { stage, endedAt }: JobState): Partial<Progress> {
  if (endedAt !== undefined) return {};
  const failing = raw.pendingActivities?.find(
    ({ activityType, attempt }) => stageOfActivity[activityType?.name ?? ''] === stage && (attempt ?? 1) > 1,
  );
  if (!failing) return {};
  const { attempt, lastFailure, nextAttemptScheduleTime: next } = failing;
  return {
    attempts: attempt ?? 1,
    nextAttemptAt: next?.seconds ? iso(Number(next.seconds) * 1_000) : undefined,
    lastError: lastFailure?.message ? { type: 'HW_UNAVAILABLE', message: lastFailure.message } : undefined,
  };
}

function runOf({ workflowId, runId, memo }: Execution): Pick<JobView, 'run' | 'workflow'> {
  const retry = retryMemoSchema.safeParse(memo).data;
  return { run: retry?.run.number ?? 1, workflow: { id: workflowId, runId } };
}

/** @throws HeadwayError `HW_JOB_UNKNOWN`, `HW_SERVER_UNREACHABLE`, `HW_PAYLOAD_UNREADABLE` */
export async function carriedJob(
  client: Client,
  workflow: WorkflowRun,
  { id, tenant }: JobOf,
): Promise<PackJob> {
  const jobs = await reachable(client, REQUEST_MS, () => readCarriedJobs(client, workflow));
  const job = jobs?.find((one) => one.id === id && (tenant === undefined || one.tenant === tenant));
  if (job) return job;
  throw unknownJob(id);
}

export function isEnd(status: string | undefined): status is Exclude<JobStatus, 'queued' | 'in_progress'> {
  return status !== undefined && ['completed', 'failed', 'cancelled', 'expired'].includes(status);
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
