import { setTimeout as delay } from 'node:timers/promises';
import { sourceText } from '../../bridge/job-id-ledger';
import { HeadwayError, messageOf } from '../../contracts/errors';
import type { JobView } from '../../contracts/job-view';
import { isUnavailable } from '../../contracts/stage-errors';
import { errorOf, hasEnded } from '../format-job';
import type { JobEnd } from './door';
import type { WaitingList } from './waiting-list';

/** What is asked about jobs that nothing is heard of. */
export interface Lookup {
  /** The next offset that the bridges will read, of each partition. */
  committed(): Promise<Map<number, number>>;
  /** Where the jobs come from that have these ids by the ledger, as `sourceText` writes it. */
  holders(ids: string[]): Promise<Map<string, string>>;
  /** Asks Temporal, for as long as `task` runs. */
  withTemporal<T>(task: (get: (id: string) => Promise<JobView>) => Promise<T>): Promise<T>;
}

export interface DuplicatesOptions {
  topic: string;
  waiting: Pick<WaitingList, 'isExpected' | 'ended'>;
  lookup: Lookup;
  /** Takes a sentence about what cannot be found out. */
  tell: (sentence: string) => void;
  signal: AbortSignal;
  everyMs?: number;
}

export interface Duplicates {
  sent(id: string, partition: number, offset: bigint): void;
  /** Resolves when nothing is asked any more. */
  close(): Promise<void>;
}

interface Silent {
  partition: number;
  offset: bigint;
}

interface Duplicate {
  /** Where the job comes from that has the id. */
  holder: string;
  /** Times that nobody could tell how it stands. */
  failures: number;
}

/** Ids asked for at a time: the ledger has 5 s to answer. */
const LOOKED_UP_AT_ONCE = 10_000;
/** Temporal knows a job within seconds of its claim, and workers may be about to start. */
const FAILURES_UNTIL_TOLD = 3;

/**
 * A bridge with a ledger of job ids leaves out a record whose id was there before, and then no result comes of it. So when the bridges are past a
 * record and nothing is heard of it, the ledger is asked whose the id is: the claim was made before they went on. Where it is another's, the end of
 * that job is told as that of a duplicate. Servers that are away are asked again later: nobody waits for less because of it.
 */
export function watchDuplicates(options: DuplicatesOptions): Duplicates {
  const { topic, waiting, lookup, tell, everyMs = 5_000 } = options;
  const silent = new Map<string, Silent>();
  const duplicates = new Map<string, Duplicate>();
  let ledgerIsTold = false;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const running = run();
  return {
    sent: (id, partition, offset) => void silent.set(id, { partition, offset }),
    async close() {
      over.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    for (;;) {
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await judge().catch(() => undefined);
      await tellEnds().catch(() => undefined);
    }
  }

  async function judge(): Promise<void> {
    for (const id of silent.keys()) if (!waiting.isExpected(id)) silent.delete(id);
    if (silent.size === 0) return;
    const committed = await lookup.committed();
    const isPassed = ({ partition, offset }: Silent) => (committed.get(partition) ?? 0) > offset;
    const passed = [...silent].filter(([, one]) => isPassed(one)).slice(0, LOOKED_UP_AT_ONCE);
    if (passed.length === 0) return;
    const holders = await holdersOf(passed.map(([id]) => id));
    for (const [id, { partition, offset }] of passed) {
      silent.delete(id);
      const holder = holders.get(id);
      // Without a claim it is a dead letter, or the bridges have no ledger.
      if (holder === undefined || holder.startsWith(`${topic}:${partition}:${offset}:`)) continue;
      duplicates.set(id, { holder, failures: 0 });
    }
  }

  async function holdersOf(ids: string[]): Promise<Map<string, string>> {
    try {
      return await lookup.holders(ids);
    } catch (error) {
      if (!isUnavailable(error) && !ledgerIsTold) {
        ledgerIsTold = true;
        tell(`duplicates are not told of: the ledger of job ids cannot be read: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  async function tellEnds(): Promise<void> {
    for (const id of duplicates.keys()) if (!waiting.isExpected(id)) duplicates.delete(id);
    if (duplicates.size === 0) return;
    await lookup.withTemporal(async (get) => {
      for (const [id, duplicate] of duplicates) if (!signal.aborted) await tellEnd(id, duplicate, get);
    });
  }

  async function tellEnd(
    id: string,
    duplicate: Duplicate,
    get: (id: string) => Promise<JobView>,
  ): Promise<void> {
    const { holder } = duplicate;
    try {
      const view = await get(id);
      if (!hasEnded(view.status) || !isOf(view, holder)) return;
      duplicates.delete(id);
      const { status, result } = view;
      const end: JobEnd = { id, status, result, message: errorOf(view), duplicateOf: holder };
      waiting.ended(end);
    } catch (error) {
      if (error instanceof HeadwayError && error.code === 'HW_SERVER_UNREACHABLE') throw error;
      duplicate.failures += 1;
      if (duplicate.failures !== FAILURES_UNTIL_TOLD) return;
      tell(
        `job ${id} is a duplicate, and how the earlier one (${holder}) stands cannot be found out: ${messageOf(error)}`,
      );
    }
  }
}

/** Visibility lags: for a moment what Temporal knows may be a job that had the id before its holder, and was forgotten by the ledger. */
function isOf({ result, receivedAt }: JobView, holder: string): boolean {
  if (result) return sourceText(result.source) === holder;
  return holder === 'http' || holder.endsWith(`:${Date.parse(receivedAt)}`);
}
