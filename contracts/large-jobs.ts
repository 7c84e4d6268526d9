/**
 * A job beyond this size is alone in its workflow. Turning it into JSON and back takes seconds where several meet in one worker, and a
 * workflow task that takes longer than the default of 10 s is begun again.
 */
const LARGE_BYTES = 1024 * 1024;

/** How long a task of the workflow may take that is started with this; undefined stands for Temporal's default. No workflow inherits it. */
export function workflowTaskTimeout(carried: unknown): '60s' | undefined {
  return (JSON.stringify(carried) ?? '').length > LARGE_BYTES ? '60s' : undefined;
}
