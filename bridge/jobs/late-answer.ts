import { WorkflowUpdateRPCTimeoutOrCancelledError, type Client } from '@temporalio/client';
import { HeadwayError } from '../../contracts/errors';
import type { CancelAnswer } from '../../contracts/job-state';
import { grpcCode, reachable } from './reachable';

/** A server that lives answers at once; a workflow that has accepted a cancel within about a second, unless the job is being post-processed or leaves its pack. */
const ASK_MS = 2_000;

/** https://grpc.io/docs/guides/status-codes/ */
const NOT_FOUND = 5;

/** As Temporal's API numbers them: a closed set of the wire format. https://github.com/temporalio/api/tree/master/temporal/api/enums/v1 */
const UPDATE_ACCEPTED = 2;
const WORKFLOW_RUNNING = 1;
const TASK_STARTED = 2;

export interface AskedCancel {
  workflowId: string;
  updateId: string;
  jobId: string;
  /** Until when the workflow may accept it, milliseconds since 1970. That has passed. */
  wantedUntil: number;
}

/**
 * What became of a cancel whose answer did not come in time. Takes two seconds at the longest.
 *
 * A workflow accepts by the time at which its workflow task started, and its answer leaves with the end of that task, which a slow `enrich` puts off.
 * So only a task that started in time can still accept. It is looked for before the answer is: what was over by then has answered.
 *
 * @throws HeadwayError `HW_NO_WORKER`: it was not accepted and will not be; `HW_CANCEL_PENDING`: it may still be carried out;
 * `HW_JOB_ENDED`, `HW_SERVER_UNREACHABLE`; what the client throws for an update that failed
 */
export async function lateAnswer(client: Client, cancel: AskedCancel): Promise<CancelAnswer> {
  const { workflowId, updateId, jobId } = cancel;
  const until = Date.now() + ASK_MS;
  const ask = <T>(request: () => Promise<T>) => reachable(client, until - Date.now(), request);
  const task = await ask(() => taskInHand(client, workflowId));
  const stage = await ask(() => stageOf(client, cancel));
  if (stage >= UPDATE_ACCEPTED) {
    const handle = client.workflow.getHandle(workflowId).getUpdateHandle<CancelAnswer>(updateId);
    return await ask(() => handle.result()).catch((error: unknown) => {
      if (!(error instanceof WorkflowUpdateRPCTimeoutOrCancelledError)) throw error;
      throw pending(jobId, 'its workflow has accepted that, and is not done with it');
    });
  }
  if (task === 'closed') throw new HeadwayError('HW_JOB_ENDED', `job ${jobId} has ended already`);
  if (task !== undefined && task <= cancel.wantedUntil) {
    throw pending(jobId, 'a worker is busy with its workflow');
  }
  throw new HeadwayError('HW_NO_WORKER', `no worker took the request to cancel job ${jobId} in time`);
}

function pending(jobId: string, why: string): HeadwayError {
  return new HeadwayError('HW_CANCEL_PENDING', `job ${jobId} may still be cancelled: ${why}`);
}

/** When the workflow task began that a worker has in hand, milliseconds since 1970. */
async function taskInHand(client: Client, workflowId: string): Promise<number | 'closed' | undefined> {
  const { namespace } = client.options;
  const seen = await unlessNotFound(
    client.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
  );
  if (!seen || Number(seen.workflowExecutionInfo?.status) !== WORKFLOW_RUNNING) return 'closed';
  const { state, startedTime } = seen.pendingWorkflowTask ?? {};
  return Number(state) === TASK_STARTED ? Number(startedTime?.seconds ?? 0) * 1_000 : undefined;
}

/** How far the update has come. 0 when the server does not have it, which is so for a refused one too. */
async function stageOf(client: Client, { workflowId, updateId }: AskedCancel): Promise<number> {
  const { namespace } = client.options;
  const updateRef = { workflowExecution: { workflowId }, updateId };
  // Without a wait policy it answers at once.
  const seen = await unlessNotFound(
    client.workflowService.pollWorkflowExecutionUpdate({ namespace, updateRef }),
  );
  return seen?.stage ?? 0;
}

async function unlessNotFound<T>(request: Promise<T>): Promise<T | undefined> {
  return await request.catch((error: unknown) => {
    if (grpcCode(error) === NOT_FOUND) return undefined;
    throw error;
  });
}
