import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
  type Client,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HeadwayError, messageOf } from '../../contracts/errors';
import {
  CANCEL_JOB_UPDATE,
  TAKEN_TOO_LATE,
  type CancelAnswer,
  type CancelQuestion,
} from '../../contracts/job-state';
import { lateAnswer } from './late-answer';
import { grpcCode, reachable } from './reachable';

/** A worker has to take the request, and may be busy. For all workflows together that are asked. */
const UPDATE_MS = 10_000;

/** Before we give up on it: who takes the request at the last moment has time to say so. */
const ANSWER_MS = 1_000;

/** https://grpc.io/docs/guides/status-codes/ */
const RESOURCE_EXHAUSTED = 8;

const ASK_AGAIN_AFTER_MS = 300;

/** A job leaves its pack once, and what it leaves for under another name never moves. */
const HOPS_MAX = 3;

/**
 * Cancels a job in the workflow that holds it. When the promise resolves its end is durable. After `HW_NO_WORKER` it is not cancelled by a worker that
 * comes later; after `HW_CANCEL_PENDING` nobody knows yet. Takes some ten seconds at the longest.
 *
 * @throws HeadwayError `HW_JOB_ENDED`, `HW_JOB_UNKNOWN`, `HW_NO_WORKER`, `HW_CANCEL_PENDING`, `HW_SERVER_UNREACHABLE`
 */
export async function cancelJob(
  client: Client,
  workflowId: string,
  jobId: string,
  tenant?: string,
): Promise<void> {
  const giveUpAt = Date.now() + UPDATE_MS;
  const question: CancelQuestion = [jobId, tenant, giveUpAt - ANSWER_MS];
  let at = workflowId;
  for (let hops = 0; hops < HOPS_MAX; hops++) {
    const answer = await update(client, at, question, giveUpAt).catch((error: unknown) => {
      throw ofJob(error, jobId);
    });
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
  question: CancelQuestion,
  giveUpAt: number,
): Promise<CancelAnswer> {
  const handle = client.workflow.getHandle(workflowId);
  const updateId = randomUUID();
  const [jobId, , wantedUntil = 0] = question;
  const asked = { workflowId, updateId, jobId, wantedUntil };
  for (;;) {
    try {
      return await reachable(client, giveUpAt - Date.now(), () =>
        handle.executeUpdate<CancelAnswer, CancelQuestion>(CANCEL_JOB_UPDATE, { updateId, args: question }),
      );
    } catch (error) {
      const waitMs = ASK_AGAIN_AFTER_MS * (0.5 + Math.random());
      const isLate = error instanceof WorkflowUpdateRPCTimeoutOrCancelledError;
      if (!isLate && !isFull(error)) throw error;
      if (isLate) return await lateAnswer(client, asked);
      if (Date.now() + waitMs > wantedUntil) {
        const message = `no room for a request to cancel job ${jobId}: others of its workflow were before it`;
        throw new HeadwayError('HW_NO_WORKER', message, { cause: error });
      }
      await delay(waitMs);
    }
  }
}

/** The server takes ten updates of one workflow at a time (`history.maxInFlightUpdates`), and a pack may have more jobs that are to be cancelled. */
function isFull(error: unknown): boolean {
  return grpcCode(error) === RESOURCE_EXHAUSTED && /in-flight updates/.test(messageOf(error));
}

/** What the client threw, as what it means for the job. */
function ofJob(error: unknown, jobId: string): unknown {
  if (error instanceof WorkflowNotFoundError || failureType(error) === CLOSED_MEANWHILE) {
    return new HeadwayError('HW_JOB_ENDED', `job ${jobId} has ended already`, { cause: error });
  }
  if (!(error instanceof WorkflowUpdateFailedError)) return error;
  const message = `job ${jobId} could not be cancelled: ${messageOf(error.cause ?? error)}`;
  if (failureType(error) === TAKEN_TOO_LATE)
    return new HeadwayError('HW_NO_WORKER', message, { cause: error });
  // A worker from before jobs could be cancelled one by one, or a workflow that is being cancelled as a whole.
  return new HeadwayError('HW_SERVER_UNREACHABLE', message, { cause: error });
}

/** How the server says that the workflow was over before its answer. */
const CLOSED_MEANWHILE = 'AcceptedUpdateCompletedWorkflow';

function failureType(error: unknown): string | undefined {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  return cause instanceof ApplicationFailure ? (cause.type ?? undefined) : undefined;
}
