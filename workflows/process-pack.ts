import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setHandler,
  TemporalFailure,
} from '@temporalio/workflow';
import type { PackInput, PackSummary } from '../contracts/pack';
import type { EnrichOutcome, EnrichResponse } from '../contracts/stages';
import { callLlm } from './call-llm';
import { durableNow, durablePoint } from './durable-point';
import { endFor, failureMessage } from './failures';
import { finishWave, newWave, publish, type JobEnd } from './finish-wave';
import { ended } from './job-progress';
import { openPack, type Pack } from './pack';
import { historyIsFull } from './size';
import { jobsQuery, showEnd, showProgress, toJobViews } from './visible';

/**
 * Carries a pack of jobs through enrich, LLM, post-process and publish. No job waits for another: answers that
 * arrive within half a second of each other are a wave, and each wave is published as soon as it is durable.
 *
 * One job's error is a value in here. Trouble that all share is waited out by the pack as a whole; trouble of one job
 * makes it leave, to go on as its own workflow `processJob`.
 *
 * @throws ApplicationFailure with the error's code, when it carried a single job and that job failed (its result is
 * published by then); CancelledFailure when it was cancelled, after publishing what that ended
 */
export async function processPack(input: PackInput): Promise<PackSummary> {
  const pack = openPack(input);
  setHandler(jobsQuery, () => toJobViews(pack.jobs));
  showProgress(pack.jobs);
  try {
    await enrich(pack);
    await pack.work.finished();
  } catch (error) {
    // Anything else is a defect: the workflow task fails, and is tried again until a deployment mends it.
    if (!(error instanceof TemporalFailure)) throw error;
    await CancellationScope.nonCancellable(() => endUnfinished(pack, error));
    showEnd(pack.jobs);
    throw error;
  }
  const summary = showEnd(pack.jobs);
  const [only] = pack.jobs;
  if (pack.jobs.length === 1 && only?.status === 'failed') {
    throw ApplicationFailure.nonRetryable(only.lastError?.message, only.lastError?.code);
  }
  return summary;
}

async function enrich(pack: Pack): Promise<void> {
  const timeoutMs = Math.max(...pack.policies.map((policy) => policy.enrich.timeoutMs));
  let remaining = pack.jobs.map((_, index) => index);
  while (remaining.length > 0) {
    const { outcomes } = await enrichSome(pack, remaining, timeoutMs);
    const done = new Set(outcomes.map((outcome) => outcome.index));
    remaining = remaining.filter((index) => !done.has(index));
    takeEnriched(pack, outcomes);
    if (remaining.length === 0) return;
    // The batch was cut short: let the history take this part before the next is asked for.
    await durablePoint();
    if (historyIsFull()) return letGo(pack, remaining);
  }
}

function letGo(pack: Pack, indexes: number[]): void {
  const wave = { ...newWave(), leaving: indexes, durable: true };
  pack.work.add(CancellationScope.nonCancellable(() => finishWave(pack, wave)));
}

async function enrichSome(pack: Pack, indexes: number[], timeoutMs: number): Promise<EnrichResponse> {
  const jobs = indexes.map((index) => ({ index, job: pack.job(index).job }));
  const othersSucceeded = pack.jobs.some((job) => job.prompt !== undefined);
  try {
    return await pack.stages.enrichJobs({ jobs, timeoutMs, othersSucceeded });
  } catch (error) {
    if (isCancellation(error)) throw error;
    const endedAt = await durableNow();
    const gaveUp = {
      kind: 'final',
      code: 'HW_ENRICH_FAILED',
      message: failureMessage(error),
      endedAt,
    } as const;
    return { outcomes: indexes.map((index) => ({ index, ...gaveUp })) };
  }
}

function takeEnriched(pack: Pack, outcomes: EnrichOutcome[]): void {
  const ready: number[] = [];
  const wave = newWave();
  for (const outcome of outcomes) {
    const { index } = outcome;
    const job = pack.job(index);
    if (outcome.kind === 'enriched') {
      Object.assign(job, { stage: 'call-llm', prompt: outcome.prompt, enrichment: outcome.enrichment });
      ready.push(index);
    } else if (outcome.kind === 'retry') {
      job.lastError = { code: outcome.code, message: outcome.message };
      wave.leaving.push(index);
    } else {
      const status = outcome.code === 'HW_DEADLINE_EXCEEDED' ? 'expired' : 'failed';
      wave.ends.push({ index, item: ended(job, status, outcome, outcome.endedAt) });
    }
  }
  callLlm(pack, ready);
  // The outcomes of a local activity are not durable yet, and what is published must be.
  pack.work.add(CancellationScope.nonCancellable(() => finishWave(pack, { ...wave, durable: false })));
}

/** No workflow ends without a result for each of its jobs. */
async function endUnfinished(pack: Pack, cause: TemporalFailure): Promise<void> {
  await pack.work.settled();
  const endedAt = await durableNow();
  const { status, failure } = endFor(cause);
  const ends: JobEnd[] = pack.jobs.flatMap((job, index) =>
    job.status === 'running' ? [{ index, item: ended(job, status, failure, endedAt) }] : [],
  );
  await publish(pack, ends);
}
