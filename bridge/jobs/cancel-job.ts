import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { CANCEL_JOB_UPDATE, type CancelAnswer, type CancelQuestion } from '../../contracts/job-state';
import { reachable } from './reachable';

/** A worker has to take the request, and may be busy. */
const UPDATE_MS = 10_000;

/** Before we give up on it: who takes the request at the last moment has time to say so. */
const ANSWER_MS = 1_000;

/** A server that lives answers this question at once. */
const HEALTH_MS = 2_000;

/** A job leaves its pack once, and what it leaves for under another name never moves. */
const HOPS_MAX = 3;

/**
 * Cancels a job in the workflow that holds it. When the promise resolves its end is durable. After `HW_NO_WORKER` it is not cancelled by a worker that
 * comes later.
 *
 * @throws HeadwayError `HW_JOB_ENDED`, `HW_JOB_UNKNOWN`, `HW_NO_WORKER`, `HW_SERVER_UNREACHABLE`
 */
export async function cancelJob(
  client: Client,
  workflowId: string,
  jobId: string,
  tenant?: string,
): Promise<void> {
  let at = workflowId;
  for (let hops = 0; hops < HOPS_MAX; hops++) {
    const answer = await update(client, at, jobId, tenant);
    if (answer.outcome === 'cancelled') return;
    if (answer.outcome === 'ended') {
      throw new HeadwayError('HW_JOB_ENDED', `job ${jobId} has ended already, as ${answer.status}`);
    }
    if (answer.outcome === 'unknown') break;
    at = answer.leftAs;
  }
  throw new HeadwayError('HW_JOB_UNKNOWN', `workflow ${at} does not hold job ${jobId}`);
}

async function update(
  client: Client,
  workflowId: string,
  jobId: string,
  tenant?: string,
): Promise<CancelAnswer> {
  const handle = client.workflow.getHandle(workflowId);
  const args: CancelQuestion = [jobId, tenant, Date.now() + UPDATE_MS - ANSWER_MS];
  try {
    return await reachable(client, UPDATE_MS, () =>
      handle.executeUpdate<CancelAnswer, CancelQuestion>(CANCEL_JOB_UPDATE, { args }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isEndedMeanwhile(error)) {
      throw new HeadwayError('HW_JOB_ENDED', `job ${jobId} has ended already`, { cause: error });
    }
    if (error instanceof WorkflowUpdateFailedError) {
      // A worker from before jobs could be cancelled one by one, a workflow that is being cancelled as a whole, or clocks far apart.
      const message = `job ${jobId} could not be cancelled: ${messageOf(error.cause ?? error)}`;
      throw new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
    }
    if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
    // A server that froze meanwhile looks the same from here as one that waits for a worker.
    await reachable(client, HEALTH_MS, () => client.workflowService.getSystemInfo({}));
    const message = `no worker took the request to cancel job ${jobId} within ${UPDATE_MS} ms`;
    throw new HeadwayError('HW_NO_WORKER', message, { cause: error });
  }
}

/** How the server says that the workflow was over before its answer: `AcceptedUpdateCompletedWorkflow`. */
function isEndedMeanwhile(error: unknown): boolean {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow';
}
