import {
  CancellationScope,
  isCancellation,
  patched,
  setHandler,
  sleep,
  TemporalFailure,
} from '@temporalio/workflow';
import { markOf } from '../contracts/confidential';
import type { PackInput, PackSummary } from '../contracts/pack';
import { longAfterTheFirst, untilBegin } from '../contracts/scheduled';
import type { EnrichOutcome, EnrichResponse } from '../contracts/stages';
import { callLlm } from './call-llm';
import { durableNow, durablePoint } from './durable-point';
import { endFor, failureMessage } from './failures';
import { acceptEarlyEnds } from './end-early';
import { decide, finishWave, newWave, publish, type JobEnd } from './finish-wave';
import { ended } from './job-progress';
import { openPack, type Pack } from './pack';
import { historyIsFull } from './size';
import { untilSafeToEnd } from './until-safe-to-end';
import {
  closingResult,
  jobFailure,
  jobsQuery,
  resultsQuery,
  showBegun,
  showEnd,
  showProgress,
  startedAsScheduled,
  toJobState,
} from './visible';

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
  setHandler(jobsQuery, () => pack.jobs.map((job, index) => toJobState(job, pack.results.get(index))));
  setHandler(resultsQuery, (id) =>
    [...pack.results].flatMap(([index, result]) =>
      result.id === id ? [{ ...result, ...markOf(pack.job(index)) }] : [],
    ),
  );
  const watch = acceptEarlyEnds(pack);
  showProgress(pack.jobs);
  try {
    await pack.scope.run(async () => {
      await beginAll(pack);
      await pack.work.finished();
      // They were to leave, but the workflow was cancelled before they could.
      if (pack.jobs.some(({ status }) => status === 'running')) await pack.scope.cancelRequested;
    });
  } catch (error) {
    // Anything else is a defect: the workflow task fails, and is tried again until a deployment mends it.
    if (!(error instanceof TemporalFailure)) throw error;
    if (CancellationScope.current().consideredCancelled || !pack.scope.consideredCancelled) {
      await CancellationScope.nonCancellable(async () => {
        await endUnfinished(pack, error);
        await untilSafeToEnd(pack, watch, true);
      });
      showEnd(pack.jobs);
      throw error;
    }
    // All jobs had ended, and their stages were told to stop.
    await CancellationScope.nonCancellable(() => pack.work.settled());
  }
  await untilSafeToEnd(pack, watch);
  const summary = showEnd(pack.jobs);
  if (pack.jobs.length > 1) return summary;
  const only = pack.job(0);
  const result = closingResult(pack.results.get(0));
  if (only.status === 'failed') throw jobFailure(only, result);
  return { ...summary, ...markOf(only), result };
}

/**
 * Those that may begin at once, and beside them those that have to wait until their time has come. Whoever would keep the pack open for long after
 * that waits in a workflow of its own: what only waits for its time does not count as being in flight.
 */
async function beginAll(pack: Pack): Promise<void> {
  const now = Date.now();
  const late = longAfterTheFirst(
    pack.jobs.map(({ job }) => job),
    now,
  );
  const leaving = new Set(late.length > 0 && patched('scheduled-jobs-leave') ? late : []);
  const waiting = new Map<number, number[]>();
  pack.jobs.forEach(({ job }, index) => {
    if (leaving.has(index)) return;
    const waitMs = untilBegin(job, now);
    waiting.set(waitMs, [...(waiting.get(waitMs) ?? []), index]);
  });
  const scheduled = startedAsScheduled();
  const firstMs = Math.min(...waiting.keys());
  if (leaving.size > 0) letGo(pack, [...leaving]);
  for (const [waitMs, indexes] of waiting) {
    if (waitMs === 0) continue;
    const begin = scheduled && waitMs === firstMs ? showBegun : undefined;
    pack.work.add(beginLater(pack, indexes, waitMs, begin));
  }
  if (scheduled && firstMs === 0) showBegun();
  await enrich(pack, waiting.get(0) ?? []);
}

async function beginLater(
  pack: Pack,
  indexes: number[],
  waitMs: number,
  begin: (() => void) | undefined,
): Promise<void> {
  await sleep(waitMs, { summary: 'not before' });
  begin?.();
  await enrich(pack, indexes);
}

async function enrich(pack: Pack, indexes: number[]): Promise<void> {
  const timeoutMs = Math.max(...pack.policies.map((policy) => policy.enrich.timeoutMs));
  let remaining = indexes;
  for (;;) {
    remaining = remaining.filter((index) => pack.isOpen(index));
    if (remaining.length === 0) return;
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
  const jobs = indexes.map((index) => ({ ...markOf(pack.job(index)), index, job: pack.job(index).job }));
  const othersSucceeded = pack.jobs.some((job) => job.prompt !== undefined || job.llmAttempts > 0);
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
    if (!pack.isOpen(index)) continue;
    if (outcome.kind === 'enriched') {
      Object.assign(job, { stage: 'call-llm', prompt: outcome.prompt, enrichment: outcome.enrichment });
      ready.push(index);
    } else if (outcome.kind === 'retry') {
      job.lastError = { code: outcome.code, message: outcome.message };
      wave.leaving.push(index);
    } else {
      const status = outcome.code === 'HW_DEADLINE_EXCEEDED' ? 'expired' : 'failed';
      decide(pack, wave.ends, index, ended(job, status, outcome, outcome.endedAt));
    }
  }
  callLlm(pack, ready);
  // The outcomes of a local activity are not durable yet, and what is published must be.
  pack.work.add(CancellationScope.nonCancellable(() => finishWave(pack, { ...wave, durable: false })));
}

/** No workflow ends without a result for each of its jobs. */
async function endUnfinished(pack: Pack, cause: TemporalFailure): Promise<void> {
  await pack.work.settled();
  pack.isEnding = true;
  const endedAt = await durableNow();
  const { status, failure } = endFor(cause);
  const ends: JobEnd[] = [];
  pack.jobs.forEach((job, index) => decide(pack, ends, index, ended(job, status, failure, endedAt)));
  await publish(pack, ends);
  // A job may have been cancelled by itself meanwhile.
  await pack.work.settled();
}
