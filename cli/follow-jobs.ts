import { setTimeout as delay } from 'node:timers/promises';
import { HeadwayError, type ErrorCode } from '../contracts/errors';
import type { JobView } from '../contracts/job-view';
import { createLimit } from '../runtime/limit';
import { hasEnded } from './format-job';
import { isUnknownJob } from './once-known';

/** A job as it was seen last. Without a view nobody knows it (yet). */
export interface SeenJob<View = JobView> {
  id: string;
  view?: View;
  /** Nothing more is to come: it has ended, or nobody has known it for too long. */
  over: boolean;
}

export interface FollowOptions<View> {
  get: (id: string) => Promise<View>;
  /** Read again in each round: jobs may be added. */
  ids: Iterable<string>;
  signal: AbortSignal;
  /** How long a job may be unknown, and the server away. Milliseconds. */
  patienceMs?: number;
  everyMs?: number;
}

/** Each question costs a search and a query on the server that also runs the jobs. */
const CONCURRENCY = 8;
const CHUNK = 40;

/** Trouble that is waited out. */
const passing: ErrorCode[] = ['HW_SERVER_UNREACHABLE', 'HW_NO_WORKER'];

/**
 * Looks at jobs, round after round, until all have ended; tells of those that have changed. Half of the time at most it asks, so that watching
 * thousands of jobs is slow rather than heavy.
 *
 * @throws the reason of `signal`; HeadwayError `HW_SERVER_UNREACHABLE` or `HW_NO_WORKER` when the server, or who could tell, stays away
 */
export async function* followJobs<View extends Pick<JobView, 'status'>>(
  options: FollowOptions<View>,
): AsyncGenerator<SeenJob<View>[]> {
  const { get, ids, signal, patienceMs = 60_000, everyMs = 1_000 } = options;
  const limit = createLimit(CONCURRENCY);
  const seen = new Map<string, SeenJob<View> & { since: number; state: string }>();
  let awaySince: number | undefined;
  for (;;) {
    const begunAt = Date.now();
    const open = [...ids].filter((id) => !seen.get(id)?.over);
    if (open.length === 0) return;
    for (let from = 0; from < open.length; from += CHUNK) {
      const looked = await Promise.all(open.slice(from, from + CHUNK).map((id) => limit(() => look(id))));
      const changed = looked.filter((job) => job !== undefined);
      if (changed.length > 0) yield changed;
    }
    const tookMs = Date.now() - begunAt;
    await delay(Math.max(everyMs, tookMs), undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  /** Undefined when nothing has changed. */
  async function look(id: string): Promise<SeenJob<View> | undefined> {
    signal.throwIfAborted();
    const before = seen.get(id);
    const since = before?.since ?? Date.now();
    try {
      const view = await get(id);
      awaySince = undefined;
      return remember({ id, view, over: hasEnded(view.status) }, since);
    } catch (error) {
      if (isUnknownJob(error)) return remember({ id, over: Date.now() - since >= patienceMs }, since);
      if (!(error instanceof HeadwayError) || !passing.includes(error.code)) throw error;
      awaySince ??= Date.now();
      if (Date.now() - awaySince >= patienceMs) throw error;
      return undefined;
    }
  }

  function remember(job: SeenJob<View>, since: number): SeenJob<View> | undefined {
    const state = JSON.stringify([job.over, job.view]);
    if (seen.get(job.id)?.state === state) return undefined;
    // What has been told of is not needed any more; results may be large.
    seen.set(job.id, { ...job, view: undefined, since, state: job.over ? '' : state });
    return job;
  }
}
