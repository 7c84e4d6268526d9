import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setHandler,
  sleep,
  TemporalFailure,
  Trigger,
} from '@temporalio/workflow';
import { markOf } from '../contracts/confidential';
import type { JobSummary, RetryInput } from '../contracts/retry';
import type { JobResult } from '../contracts/job-result';
import type { CancelAnswer } from '../contracts/job-state';
import { untilBegin } from '../contracts/scheduled';
import type { PublishItem } from '../contracts/stages';
import { durableNow } from './durable-point';
import { expiresAt, hasDeadline, unlessCancelled } from './end-early';
import { cancelledByUser, deadlinePassed, endFor, type EarlyEnd } from './failures';
import { ended, progressOf, type JobInput } from './job-progress';
import { runStages } from './own-stages';
import { ownStages } from './stage-activities';
import { untilTaken } from './until-taken';
import {
  cancelJobUpdate,
  closingResult,
  jobFailure,
  jobsQuery,
  resultsQuery,
  showBegun,
  showEnd,
  showProgress,
  startedAsScheduled,
  stillWanted,
  toCancelAnswer,
  toJobState,
} from './visible';

/**
 * A job by itself: one that left its pack, from where it stood there, or one that had failed and is run again, from the
 * beginning. Ordinary activities, each visible in Temporal UI.
 *
 * @throws ApplicationFailure with the error's code when the job failed, CancelledFailure when its workflow was cancelled; its result
 * is published by then
 */
export async function processJob(input: JobInput | RetryInput): Promise<JobSummary> {
  const progress = progressOf(input);
  const { job } = progress;
  let published: JobResult | undefined;
  const stages = new CancellationScope();
  const early = new Trigger<EarlyEnd>();
  let endedBy: EarlyEnd | undefined;
  setHandler(jobsQuery, () => [toJobState(progress, published)]);
  setHandler(resultsQuery, () => (published ? [{ ...published, ...markOf(progress) }] : []));
  setHandler(cancelJobUpdate, cancel, stillWanted);
  if (hasDeadline([job])) watchDeadline().catch(unlessCancelled);
  showProgress([progress]);
  try {
    const working = stages.run(work);
    const end = await Promise.race([working, early]).catch((error: unknown) => {
      if (endedBy) return endedBy;
      throw error;
    });
    // From here on its end is known, so it is not cancelled any more.
    await CancellationScope.nonCancellable(async () => {
      if (!('failure' in end)) return await publish(end);
      await publish(ended(progress, end.status, end.failure, await durableNow()));
      // Until the LLM call has been stopped.
      await working.catch(() => undefined);
    });
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
  await condition(allHandlersFinished);
  const result = closingResult(published);
  if (progress.status === 'failed') throw jobFailure(progress, result);
  return { ...markOf(progress), result };

  async function work(): Promise<PublishItem> {
    const waitMs = untilBegin(job, Date.now());
    if (waitMs > 0) await sleep(waitMs, { summary: 'not before' });
    if (startedAsScheduled()) showBegun();
    const end = await runStages(progress, input);
    // In one step with the end: it is decided, unless something else was before it.
    if (progress.status === 'running') progress.status = end.result.status;
    return end;
  }

  function cancel(): CancelAnswer {
    if (progress.status === 'running') endEarly(cancelledByUser);
    return toCancelAnswer(progress, job.id);
  }

  async function watchDeadline(): Promise<void> {
    await sleep(Math.max(1, expiresAt(job) - Date.now()), { summary: 'the deadline' });
    if (progress.status === 'running') endEarly(deadlinePassed);
  }

  function endEarly(end: EarlyEnd): void {
    progress.status = end.status;
    endedBy = end;
    early.resolve(end);
    stages.cancel();
  }

  async function publish(item: PublishItem): Promise<void> {
    const { status, error } = item.result;
    Object.assign(progress, { status, stage: 'publish' });
    if (error) progress.lastError = { code: error.type, message: error.message };
    const { publish: publishResults } = ownStages(input.policy, input.llmTaskQueue);
    // A worker of before says that it was refused.
    await untilTaken([item], async (items) => {
      const { tooLarge } = await publishResults({ items, allOrError: true });
      return tooLarge.length > 0 ? items : [];
    });
    published = item.result;
  }
}
