import { setMaxListeners } from 'node:events';
import { Context, heartbeat } from '@temporalio/activity';

/** Twice within the heartbeat timeout (workflows/stage-activities.ts): one may be late. Each costs a state transition. */
const HEARTBEAT_INTERVAL_MS = 4_000;

const DESCRIBE_MS = 10_000;

/** Heartbeats until `end` is called. `signal` is aborted when the activity shall stop, for whatever reason. */
export function holdAlive(details?: () => unknown): { signal: AbortSignal; end(): void } {
  const timer = setInterval(() => heartbeat(details?.()), HEARTBEAT_INTERVAL_MS);
  const signal = Context.current().cancellationSignal;
  // Each call of a pack listens, which is more than Node.js takes for a leak.
  setMaxListeners(0, signal);
  return { signal, end: () => clearInterval(timer) };
}

/** Why the activity shall stop: its workflow was cancelled, or the worker shuts down, or (`lost`) somebody else has the task by now, or will: it timed out, was paused or reset, or its workflow is gone. */
export function stopReason(): 'cancelled' | 'shutdown' | 'lost' | undefined {
  const context = Context.current();
  if (!context.cancellationSignal.aborted) return undefined;
  const details = context.cancellationDetails;
  if (details?.cancelRequested) return 'cancelled';
  return details?.workerShutdown ? 'shutdown' : 'lost';
}

/** Whether the run that this activity belongs to is closed. False also when that cannot be found out. */
export async function workflowHasEnded(): Promise<boolean> {
  try {
    const { client, info } = Context.current();
    const { workflowId = '', runId } = info.workflowExecution ?? {};
    // Calls of an activity's client end with the activity, which is over when this is asked.
    const { status } = await client.withAbortSignal(AbortSignal.timeout(DESCRIBE_MS), () =>
      client.workflow.getHandle(workflowId, runId).describe(),
    );
    return status.name !== 'RUNNING';
  } catch {
    return false;
  }
}
