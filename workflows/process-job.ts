import { ApplicationFailure, CancellationScope, setHandler, TemporalFailure } from '@temporalio/workflow';
import type { RetryInput } from '../contracts/retry';
import type { PublishItem } from '../contracts/stages';
import { durableNow } from './durable-point';
import { endFor } from './failures';
import { ended, progressOf, type JobInput } from './job-progress';
import { runStages } from './own-stages';
import { ownStages } from './stage-activities';
import { untilTaken } from './until-taken';
import { jobsQuery, showEnd, showProgress, toJobViews } from './visible';

/**
 * A job by itself: one that left its pack, from where it stood there, or one that had failed and is run again, from the
 * beginning. Ordinary activities, each visible in Temporal UI.
 *
 * @throws ApplicationFailure with the error's code when the job failed, CancelledFailure when it was cancelled; its result
 * is published by then
 */
export async function processJob(input: JobInput | RetryInput): Promise<void> {
  const progress = progressOf(input);
  setHandler(jobsQuery, () => toJobViews([progress]));
  showProgress([progress]);
  try {
    const end = await runStages(progress, input);
    // From here on its end is known, so it is not cancelled any more.
    await CancellationScope.nonCancellable(() => publish(end));
  } catch (error) {
    // Anything else is a defect: the workflow task fails, and is tried again until a deployment mends it.
    if (!(error instanceof TemporalFailure) || progress.status !== 'running') throw error;
    await CancellationScope.nonCancellable(async () => {
      const { status, failure } = endFor(error);
      await publish(ended(progress, status, failure, await durableNow()));
    });
    throw error;
  } finally {
    if (progress.status !== 'running') showEnd([progress]);
  }
  if (progress.status === 'failed') {
    throw ApplicationFailure.nonRetryable(progress.lastError?.message, progress.lastError?.code);
  }

  async function publish(item: PublishItem): Promise<void> {
    const { status, error } = item.result;
    Object.assign(progress, { status, stage: 'publish' });
    if (error) progress.lastError = { code: error.type, message: error.message };
    const stages = ownStages(input.policy, input.llmTaskQueue);
    await untilTaken([item], async (items) => {
      const { tooLarge } = await stages.publish({ items });
      return tooLarge.length > 0 ? items : [];
    });
  }
}
