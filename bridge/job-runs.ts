import { WorkflowNotFoundError, type Client, type WorkflowExecutionInfo } from '@temporalio/client';
import { HeadwayError, messageOf } from '../contracts/errors';
import type { JobSource } from '../contracts/job-request';
import type { TerminalStatus, WorkflowRun } from '../contracts/job-result';
import { jobIdentity } from '../contracts/result-runs';
import { retryMemoSchema } from '../contracts/retry';
import { searchAttributes } from '../contracts/search-attributes';
import { PROCESS_JOB, PROCESS_PACK } from '../contracts/workflow-names';
import { quoted } from './quoted';
import { readCarriedJobs } from './read-carried-jobs';
import { unreadable } from './unreadable';

/** One run of a job: the workflow that brings it to its end, or did. */
export interface JobRunView {
  workflow: WorkflowRun;
  /** 1 for the first run of the job. */
  number: number;
  /** `gone`: somebody terminated the workflow, so the job may have no result. */
  status: 'running' | 'gone' | TerminalStatus;
}

export interface JobRuns {
  /** The newest run of the job, wherever it is: in a pack, on its own, under a name that was second choice. */
  newest(jobId: string): Promise<JobRunView | undefined>;
  /**
   * The workflow whose id is the job id: the newest run, once the job has had more than one. Undefined when it has ended and was no run of the job:
   * it is not Headway's, or, where a source is given, of another record with the same id. One that is running is told of whatever it
   * is, since no run can start beside it.
   */
  underOwnName(jobId: string, source?: JobSource): Promise<JobRunView | undefined>;
}

/** Looks runs of jobs up in Temporal. What a mixed pack holds, only a worker can tell: without one, asking fails. */
export function createJobRuns(client: Client): JobRuns {
  return {
    async newest(jobId) {
      const query = `${searchAttributes.jobIds.name} = ${quoted(jobId)}`;
      const found: WorkflowExecutionInfo[] = [];
      try {
        for await (const execution of client.workflow.list({ query })) found.push(execution);
      } catch (error) {
        throw unreadable(error, `with job ${jobId}`);
      }
      found.sort((a, b) => b.startTime.getTime() - a.startTime.getTime());
      for (const execution of found) {
        const view = await viewOf(execution, jobId);
        if (view) return view;
      }
      return undefined;
    },
    async underOwnName(jobId, source) {
      try {
        const execution = await client.workflow.getHandle(jobId).describe();
        const isRunning = execution.status.name === 'RUNNING';
        if (!isRunning && !(await isRunOf(execution, jobId, source))) return undefined;
        return await viewOf(execution, jobId);
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return undefined;
        throw unreadable(error, jobId);
      }
    },
  };

  async function isRunOf(execution: Execution, jobId: string, source?: JobSource): Promise<boolean> {
    const { workflowId, runId, type } = execution;
    if (type !== PROCESS_PACK && type !== PROCESS_JOB) return false;
    if (!source) return true;
    const jobs = (await readCarriedJobs(client, { id: workflowId, runId })) ?? [];
    return jobs.some((job) => jobIdentity(job) === jobIdentity({ id: jobId, source }));
  }

  /** Undefined when the job left this workflow, to go on in another one. */
  async function viewOf(execution: Execution, jobId: string): Promise<JobRunView | undefined> {
    const { workflowId, runId, memo } = execution;
    const { success, data } = retryMemoSchema.safeParse(memo);
    const status = await statusOf(execution, jobId);
    if (status === 'left') return undefined;
    return { workflow: { id: workflowId, runId }, number: success ? data.run.number : 1, status };
  }

  async function statusOf(execution: Execution, jobId: string): Promise<JobRunView['status'] | 'left'> {
    const { workflowId, type, status, typedSearchAttributes } = execution;
    const alone = type === PROCESS_JOB || workflowId === jobId;
    const terminated = status.name === 'TERMINATED' || status.name === 'TIMED_OUT';
    if (alone && terminated) return 'gone';
    if (alone && status.name === 'RUNNING') return 'running';
    const shared = typedSearchAttributes.get(searchAttributes.status);
    if (shared !== undefined && !['mixed', 'running', 'scheduled'].includes(shared)) {
      return shared as TerminalStatus | 'left';
    }
    const inPack = await statusInPack(execution, jobId);
    return inPack === 'running' && terminated ? 'gone' : inPack;
  }

  async function statusInPack({ workflowId, runId }: Execution, jobId: string): Promise<StatusInPack> {
    const views = await client.workflow
      .getHandle(workflowId, runId)
      .query<{ id: string; status: StatusInPack }[]>('jobs')
      .catch((error: unknown) => {
        const message = `no worker tells what became of job ${jobId} in workflow ${workflowId}: ${messageOf(error)}`;
        throw new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
      });
    const statuses = views.filter(({ id }) => id === jobId).map(({ status }) => status);
    // Records that share an id may share a pack: the one that can be run again, unless one still runs.
    const order = ['running', 'failed', 'cancelled', 'expired', 'completed'] as const;
    return order.find((one) => statuses.includes(one)) ?? 'left';
  }
}

type Execution = Pick<
  WorkflowExecutionInfo,
  'workflowId' | 'runId' | 'type' | 'status' | 'memo' | 'typedSearchAttributes'
>;
type StatusInPack = Exclude<JobRunView['status'], 'gone'> | 'left';
