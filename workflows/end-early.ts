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
import { durableNow } from './durable-point';
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
  if (!hasDeadline(pack.jobs.map(({ job }) => job))) return undefined;
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
  for (const index of open) endEarly(pack, index, cancelledByUser);
  if (open.length > 0) return { outcome: 'cancelled' };
  const [job] = indexes.map((index) => pack.job(index));
  return job ? toCancelAnswer(job, id) : { outcome: 'unknown' };
}

async function watchDeadlines(pack: Pack): Promise<void> {
  for (;;) {
    const open = pack.jobs.flatMap(({ job }, index) =>
      pack.isOpen(index) ? [{ index, at: expiresAt(job) }] : [],
    );
    const next = Math.min(...open.map(({ at }) => at));
    if (next === Infinity) return;
    for (const { index, at } of open) if (at <= Date.now()) endEarly(pack, index, deadlinePassed);
    if (next > Date.now()) await sleep(next - Date.now(), { summary: 'the next deadline' });
  }
}

/** Ends an open job now. In one step: nothing else can give it another end. */
function endEarly(pack: Pack, index: number, { status, failure }: EarlyEnd): void {
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
