import { setMaxListeners } from 'node:events';
import { Context, heartbeat } from '@temporalio/activity';

/** Twice within the heartbeat timeout (workflows/stage-activities.ts): one may be late. Each costs a state transition. */
const HEARTBEAT_INTERVAL_MS = 4_000;

/** Heartbeats until `end` is called. `signal` is aborted when the activity shall stop, for whatever reason. */
export function holdAlive(details?: () => unknown): { signal: AbortSignal; end(): void } {
  const timer = setInterval(() => heartbeat(details?.()), HEARTBEAT_INTERVAL_MS);
  const signal = Context.current().cancellationSignal;
  // Each call of a pack listens, which is more than Node.js takes for a leak.
  setMaxListeners(0, signal);
  return { signal, end: () => clearInterval(timer) };
}

/** Why the activity shall stop: its workflow was cancelled, or the worker shuts down, or somebody else has the task by now. */
export function stopReason(): 'cancelled' | 'shutdown' | 'lost' | undefined {
  const context = Context.current();
  if (!context.cancellationSignal.aborted) return undefined;
  const details = context.cancellationDetails;
  if (details?.cancelRequested) return 'cancelled';
  return details?.workerShutdown ? 'shutdown' : 'lost';
}
