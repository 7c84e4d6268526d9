import { CancellationScope, patched } from '@temporalio/workflow';
import { durablePoint } from './durable-point';
import type { Pack } from './pack';

/**
 * To be awaited before a pack ends that jobs have left. Temporal tells it of the end of each of them, and refuses a workflow task that ends a workflow while such news is
 * there (`UnhandledCommand`). All that this task did is done again then, and results that its local activities had published would be published twice. So what was published
 * goes into the history first, and nothing but the end itself is left to be done again.
 */
export async function keepPublished({ jobs }: Pack): Promise<void> {
  if (!jobs.some(({ status }) => status === 'left') || !patched('keep-published')) return;
  await CancellationScope.nonCancellable(durablePoint);
}
