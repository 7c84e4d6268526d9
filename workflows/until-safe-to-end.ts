import { allHandlersFinished, CancellationScope, condition, patched } from '@temporalio/workflow';
import { durablePoint } from './durable-point';
import type { DeadlineWatch } from './end-early';
import type { Pack } from './pack';

/**
 * To be awaited before a pack ends. Temporal refuses a workflow task that ends its workflow while there is news for it (`UnhandledCommand`): the end of a job that left, or a
 * timer. All that this task did is done again then, and results that its local activities had published would be published twice. So timers are stopped, and where other news may
 * come what was published goes into the history first: nothing but the end itself is left to be done again.
 */
export async function untilSafeToEnd(
  pack: Pack,
  watch: DeadlineWatch | undefined,
  hasFailed = false,
): Promise<void> {
  const mayHaveNews = hasFailed || pack.jobs.some(({ status }) => status === 'left');
  const mayBeRefused = watch?.isWaiting() || (mayHaveNews && pack.results.size > 0);
  const byTasks = mayBeRefused && patched('safe-to-end');
  // All jobs have ended: a cancel that comes now is too late for any of them.
  await CancellationScope.nonCancellable(async () => {
    if (!byTasks) return await condition(allHandlersFinished);
    watch?.stop();
    if (mayHaveNews && pack.results.size > 0) await durablePoint();
    await condition(allHandlersFinished);
  });
}
