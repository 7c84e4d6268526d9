import {
  CancellationScope,
  condition,
  isCancellation,
  patched,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import type { CancelAnswer } from '../contracts/job-state';
import type { PackJob } from '../contracts/pack';
import { afterAllElse, durableNow, durablePoint } from './durable-point';
import { cancelledByUser, deadlinePassed, type EarlyEnd } from './failures';
import { publish } from './finish-wave';
import { ended } from './job-progress';
import type { Pack } from './pack';
import { cancelJobUpdate, stillWanted, toCancelAnswer } from './visible';

/** A job whose LLM call ends with its deadline says so by itself. The timer is for all others, and comes later so as not to do it twice. */
const DEADLINE_GRACE_MS = 1_000;

/** Ends jobs whose deadline passes. */
export interface DeadlineWatch {
  /** It has set a timer. */
  isWaiting(): boolean;
  /** No job is left that it could end. */
  stop(): void;
}

/**
 * From here on jobs of the pack can be cancelled one by one, and end when their deadline passes, wherever they stand. What their stages still
 * bring is ignored then.
 *
 * @returns the watch over deadlines, where there are any
 */
export function acceptEarlyEnds(pack: Pack): DeadlineWatch | undefined {
  setHandler(cancelJobUpdate, (id, tenant) => cancel(pack, id, tenant), stillWanted);
  const jobs = pack.jobs.map(({ job }) => job);
  pack.deadlinesAreDurable =
    jobs.some(({ deadline }) => deadline !== undefined) && patched('durable-deadlines');
  if (!pack.deadlinesAreDurable && !hasDeadline(jobs)) return undefined;
  const scope = new CancellationScope();
  let isWaiting = true;
  // Not part of the pack's work: nobody waits for a deadline once all have ended.
  scope
    .run(() => watchDeadlines(pack))
    .catch(unlessCancelled)
    .finally(() => (isWaiting = false));
  return { isWaiting: () => isWaiting, stop: () => scope.cancel() };
}

/** Histories of before have no timers for deadlines. */
export function hasDeadline(jobs: PackJob[]): boolean {
  return jobs.some(({ deadline }) => deadline !== undefined) && patched('deadline-timers');
}

/** When a job ends as expired at the latest, milliseconds since 1970. */
export function expiresAt({ deadline }: PackJob): number {
  return deadline === undefined ? Infinity : Date.parse(deadline) + DEADLINE_GRACE_MS;
}

/** A watch that ends with its workflow is no defect; anything else fails the workflow task. */
export function unlessCancelled(error: unknown): void {
  if (!isCancellation(error)) throw error;
}

/** Two records may have the same id, even of two tenants. */
async function cancel(pack: Pack, id: string, tenant?: string): Promise<CancelAnswer> {
  const indexes = pack.jobs.flatMap(({ job }, index) =>
    job.id === id && (tenant === undefined || job.tenant === tenant) ? [index] : [],
  );
  // One that is about to leave can be cancelled where it goes.
  await condition(() => !indexes.some((index) => pack.moving.has(index)));
  const open = indexes.filter((index) => pack.isOpen(index));
  const later = endIfUnpublished(pack, open, cancelledByUser);
  if (later.length > 0) await CancellationScope.nonCancellable(() => endIfOpen(pack, later, cancelledByUser));
  const jobs = indexes.map((index) => pack.job(index));
  const [job] = [...jobs.filter(({ status }) => status === 'cancelled'), ...jobs];
  return job ? toCancelAnswer(job, id) : { outcome: 'unknown' };
}

async function watchDeadlines(pack: Pack): Promise<void> {
  const due = new Set<number>();
  const ending: Promise<void>[] = [];
  let reached = Date.now();
  for (;;) {
    const open = pack.jobs.flatMap(({ job }, index) =>
      pack.isOpen(index) && !due.has(index) ? [{ index, at: expiresAt(job) }] : [],
    );
    const next = Math.min(...open.map(({ at }) => at));
    if (next === Infinity) break;
    const passed = open.filter(({ at }) => at <= reached).map(({ index }) => index);
    const later = endIfUnpublished(pack, passed, deadlinePassed);
    for (const index of later) due.add(index);
    if (later.length > 0) ending.push(endIfOpen(pack, later, deadlinePassed).catch(unlessCancelled));
    if (next > reached) {
      await sleep(Math.max(1, next - Date.now()), { summary: 'the next deadline' });
      // Beside a local activity the clock is not the same in a replay; those that passed meanwhile have timers of their own then.
      reached = pack.deadlinesAreDurable && pack.stages.isUnderWay() ? next : Date.now();
    }
  }
  await Promise.all(ending);
}

/**
 * Ends those of these open jobs at once that no workflow task can have published, and returns the others. A result that comes of `enrich` is published in a task of its own, unless
 * the whole pack ends.
 */
function endIfUnpublished(pack: Pack, indexes: number[], end: EarlyEnd): number[] {
  const mayBePublished = (index: number) => pack.isEnding || pack.job(index).stage !== 'enrich';
  // Workflows of before ended all of them at once.
  const later = indexes.some(mayBePublished) && patched('end-if-open') ? indexes.filter(mayBePublished) : [];
  for (const index of indexes) if (!later.includes(index)) endAtOnce(pack, index, end);
  return later;
}

/**
 * Ends those of these jobs that are still open in the next workflow task, and publishes that in the one after it. The present task may be one that a crash cut short
 * and that is done again, with news that it did not have then: it may have published a result already. It does so again. The next task may be done again as well, so
 * here it comes last, and what it decides is in the history before it is published.
 *
 * Returns when it is decided how each of them ends.
 */
async function endIfOpen(pack: Pack, indexes: number[], end: EarlyEnd): Promise<void> {
  const endedAt = Date.now();
  await durablePoint();
  await comeLast(pack);
  const busy = indexes.filter((index) => isBusy(pack, index));
  endOpen(
    pack,
    indexes.filter((index) => !busy.includes(index)),
    end,
    endedAt,
  );
  await Promise.all(
    busy.map(async (index) => {
      while (isBusy(pack, index)) {
        await condition(() => !isBusy(pack, index));
        await comeLast(pack);
      }
      endOpen(pack, [index], end, endedAt);
    }),
  );
}

/**
 * Waits for everything that came with what the caller has waited for. While a local activity runs through several workflow tasks, a timer and the end of the activity come one after the other,
 * but together when the workflow is replayed, and what follows has to be in the same order.
 */
async function comeLast(pack: Pack): Promise<void> {
  await pack.stages.afterThose();
  await afterAllElse();
}

/** About to leave, or post-processed in a way that may take several tasks without a trace in the history. */
function isBusy(pack: Pack, index: number): boolean {
  return pack.moving.has(index) || pack.postProcessing.has(index);
}

function endOpen(pack: Pack, indexes: number[], { status, failure }: EarlyEnd, endedAt: number): void {
  const open = indexes.filter((index) => pack.isOpen(index));
  if (open.length === 0) return;
  const ends = open.map((index) => ({ index, item: ended(pack.job(index), status, failure, endedAt) }));
  for (const index of open) pack.job(index).status = status;
  pack.work.add(
    CancellationScope.nonCancellable(async () => {
      await durablePoint();
      await publish(pack, ends);
    }),
  );
  for (const index of open) pack.endedEarly(index);
}

/** In one step: nothing else can give the job another end. */
function endAtOnce(pack: Pack, index: number, { status, failure }: EarlyEnd): void {
  const job = pack.job(index);
  job.status = status;
  pack.work.add(
    CancellationScope.nonCancellable(async () => {
      const endedAt = await durableNow();
      await publish(pack, [{ index, item: ended(job, status, failure, endedAt) }]);
    }),
  );
  pack.endedEarly(index);
}
