import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { SearchAttributePair } from '@temporalio/common';
import { HeadwayError } from '../contracts/errors';
import type { JobResult, JobRun, WorkflowRun } from '../contracts/job-result';
import { workflowTaskTimeout } from '../contracts/large-jobs';
import type { PackJob } from '../contracts/pack';
import { jobIdentity, runNumber } from '../contracts/result-runs';
import type { RetryInput, RetryMemo } from '../contracts/retry';
import { searchAttributes as attributes } from '../contracts/search-attributes';
import { taskPriority } from '../contracts/task-priority';
import { PROCESS_JOB } from '../contracts/workflow-names';
import type { Pipeline } from '../pipelines/define-pipeline';
import { requireEncryption } from '../runtime/payload-keys/require-keys';
import { inputRefusal } from './input-refusal';
import { createJobRuns, type JobRunView } from './job-runs';
import { readCarriedJobs } from './read-carried-jobs';

/** Longest wait for the server's answer to one request. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface JobRetryOptions {
  client: Client;
  /** Task queue of the workflows. */
  taskQueue: string;
  llmTaskQueue: string;
  pipelineNamed: (name: string) => Pipeline;
}

/** As much of a failed result as tells what to run again. */
export type FailedResult = Pick<JobResult, 'id' | 'source' | 'workflow'> & { run?: Pick<JobRun, 'number'> };

export interface RetriedJob {
  jobId: string;
  workflow: WorkflowRun;
  run: JobRun;
}

export interface JobRetry {
  /**
   * Runs a job once more, from its first stage, under the policy its pipeline has now. The new workflow has the job id
   * as its id; its result says that it is the newer one. Nothing goes through the queue, and the ledger of job ids is not asked.
   *
   * @param failed what to run again: a job id, or the failed result itself where it is at hand, which saves looking for it
   * @throws HeadwayError `HW_JOB_UNKNOWN`, `HW_JOB_RUNNING`, `HW_JOB_NOT_FAILED`, `HW_DEADLINE_EXCEEDED` (it would only expire),
   * `HW_PIPELINE_UNKNOWN`, `HW_JOB_INVALID` (its pipeline takes other input by now)
   */
  run(failed: string | FailedResult): Promise<RetriedJob>;
  /** Throws the same, as far as it can be known without a start, and starts nothing. */
  check(failed: string | FailedResult): Promise<void>;
}

export function createJobRetry({
  client,
  taskQueue,
  llmTaskQueue,
  pipelineNamed,
}: JobRetryOptions): JobRetry {
  const runs = createJobRuns(client);
  const inTime = <Value>(task: () => Promise<Value>) =>
    client.withDeadline(Date.now() + REQUEST_TIMEOUT_MS, task);
  return {
    run: (failed) =>
      inTime(async () => {
        const input = await nextRun(failed);
        return { jobId: input.job.id, run: input.run, workflow: await start(input) };
      }),
    check: (failed) => inTime(async () => void (await nextRun(failed))),
  };

  async function nextRun(failed: string | FailedResult): Promise<RetryInput> {
    const jobId = typeof failed === 'string' ? failed : failed.id;
    const before = typeof failed === 'string' ? await newestRun(jobId) : await checkedRun(failed);
    const carried = (await jobsOf(before.workflow, jobId)).filter(({ id }) => id === jobId);
    const job =
      typeof failed === 'string' || carried.length === 1
        ? carried[0]
        : carried.find((one) => jobIdentity(one) === jobIdentity(failed));
    if (!job)
      throw new HeadwayError('HW_JOB_UNKNOWN', `job ${jobId} is not in workflow ${before.workflow.id}`);
    const run = { number: before.number + 1, replaces: before.workflow };
    return { job, run, policy: checkedPipeline(job).policy, llmTaskQueue };
  }

  async function newestRun(jobId: string): Promise<JobRunView> {
    const newest = (await runs.underOwnName(jobId)) ?? (await runs.newest(jobId));
    if (!newest) throw new HeadwayError('HW_JOB_UNKNOWN', `Temporal knows no workflow with job ${jobId}`);
    if (newest.status === 'running') throw stillRunning(jobId, newest.workflow);
    if (newest.status === 'completed') {
      throw new HeadwayError('HW_JOB_NOT_FAILED', `job ${jobId} completed in run ${newest.number}`);
    }
    return newest;
  }

  /** The run of a result, or of a later one that somebody terminated before it had a result of its own. */
  async function checkedRun(failed: FailedResult): Promise<JobRunView> {
    const current = await runs.underOwnName(failed.id, failed.source);
    const number = runNumber(failed);
    if (current?.status === 'running') throw stillRunning(failed.id, current.workflow);
    if (current && current.number > number) {
      if (current.status === 'gone') return current;
      throw new HeadwayError('HW_JOB_NOT_FAILED', `job ${failed.id} has had run ${current.number} since`);
    }
    return { workflow: failed.workflow, number, status: 'failed' };
  }

  async function jobsOf(workflow: WorkflowRun, jobId: string): Promise<PackJob[]> {
    const jobs = await readCarriedJobs(client, workflow);
    if (jobs) return jobs;
    const message = `Temporal does not remember workflow ${workflow.id} any more, which had job ${jobId}`;
    throw new HeadwayError('HW_JOB_UNKNOWN', message);
  }

  function checkedPipeline(job: PackJob): Pipeline {
    const pipeline = pipelineNamed(job.pipeline);
    const refusal = inputRefusal(pipeline, job.input);
    if (refusal) throw refusal;
    if (job.deadline !== undefined && Date.parse(job.deadline) <= Date.now()) {
      throw new HeadwayError(
        'HW_DEADLINE_EXCEEDED',
        `deadline: job ${job.id} had time until ${job.deadline}`,
      );
    }
    return pipeline;
  }

  async function start(input: RetryInput): Promise<WorkflowRun> {
    const { job, run, policy } = input;
    requireEncryption(client, [policy]);
    const memo: RetryMemo = { run };
    try {
      const handle = await client.workflow.start(PROCESS_JOB, {
        workflowId: job.id,
        taskQueue,
        args: [input],
        memo,
        // The run before may have had this id. One that is still running is never touched.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        typedSearchAttributes: attributesOf(job),
        workflowTaskTimeout: workflowTaskTimeout(job),
        priority: taskPriority([job]),
        staticSummary: `job ${job.id} · ${job.pipeline} · run ${run.number}`,
        staticDetails: detailsOf(run, client.options.namespace),
      });
      return { id: job.id, runId: handle.firstExecutionRunId };
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw stillRunning(job.id, { id: job.id, runId: '' });
    }
  }
}

function attributesOf({ id, pipeline, tenant }: PackJob): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [
    { key: attributes.jobIds, value: [id] },
    { key: attributes.pipelines, value: [pipeline] },
    { key: attributes.status, value: 'running' },
    { key: attributes.jobCount, value: 1 },
  ];
  if (tenant !== undefined) pairs.push({ key: attributes.tenants, value: [tenant] });
  return pairs;
}

/** Markdown, as Temporal UI shows it above the history. The workflow before may have another id, so that only this leads to it. */
function detailsOf({ number, replaces }: JobRun, namespace: string): string {
  const [id, runId] = [replaces.id, replaces.runId].map(encodeURIComponent);
  const path = `/namespaces/${encodeURIComponent(namespace)}/workflows/${id}/${runId}/history`;
  return `Run ${number} of this job. The run before, which failed: [${replaces.id.replace(/[[\]\\`*_]/g, '\\$&')}](${path})`;
}

export function stillRunning(jobId: string, { id }: WorkflowRun): HeadwayError {
  return new HeadwayError('HW_JOB_RUNNING', `job ${jobId} is already running, in workflow ${id}`);
}
