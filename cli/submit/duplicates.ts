import { setTimeout as delay } from 'node:timers/promises';
import { sourceText } from '../../bridge/job-id-ledger';
import type { JobView } from '../../contracts/job-view';
import type { PackJob } from '../../contracts/pack';
import { errorOf, hasEnded } from '../format-job';
import type { JobEnd } from './door';
import type { WaitingList } from './waiting-list';

/** What is asked about jobs that nothing is heard of. */
export interface Lookup {
  /** The next offset that the bridges will read, of each partition. */
  committed(): Promise<Map<number, number>>;
  /** Asks Temporal, for as long as `task` runs. */
  withTemporal<T>(task: (temporal: TemporalLookup) => Promise<T>): Promise<T>;
}

export interface TemporalLookup {
  /** Jobs that workflows with a job of this id were started with. */
  jobsBeside(id: string): Promise<PackJob[]>;
  get(id: string): Promise<JobView>;
}

export interface DuplicatesOptions {
  topic: string;
  waiting: Pick<WaitingList, 'isExpected' | 'ended'>;
  lookup: Lookup;
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
  /** Rounds in which the bridges were found to be past it. */
  passed: number;
}

/** Bridges are past a record as soon as its workflow is started, which visibility then knows within seconds. */
const ROUNDS_UNTIL_ASKED = 2;
/** What visibility said, it has to say again: a job that has the id, and not by right, may only be the first to be known. */
const ROUNDS_UNTIL_SURE = 3;

/**
 * A bridge with a ledger of job ids leaves out a record whose id was there before, and then no result comes of it. So when the bridges are past a
 * record and nothing is heard of it, Temporal is asked who holds the id; where that is another job, its end is told as that of a duplicate. Servers
 * that are away are asked again later: nobody waits for less because of it.
 */
export function watchDuplicates(options: DuplicatesOptions): Duplicates {
  const { topic, waiting, lookup, everyMs = 5_000 } = options;
  const silent = new Map<string, Silent>();
  const duplicates = new Map<string, string>();
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const running = run();
  return {
    sent: (id, partition, offset) => void silent.set(id, { partition, offset, passed: 0 }),
    async close() {
      over.abort();
      await running;
    },
  };

  async function run(): Promise<void> {
    for (;;) {
      await delay(everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await round().catch(() => undefined);
    }
  }

  async function round(): Promise<void> {
    for (const id of silent.keys()) if (!waiting.isExpected(id)) silent.delete(id);
    if (silent.size > 0) await countPassed();
    const asked = [...silent].filter(([, { passed }]) => passed >= ROUNDS_UNTIL_ASKED).map(([id]) => id);
    if (asked.length + duplicates.size === 0) return;
    await lookup.withTemporal(async (temporal) => {
      for (const id of asked) if (!signal.aborted) await judge(id, temporal);
      for (const [id, first] of duplicates) if (!signal.aborted) await tellEnd(id, first, temporal);
    });
  }

  async function countPassed(): Promise<void> {
    const committed = await lookup.committed();
    for (const one of silent.values()) if ((committed.get(one.partition) ?? 0) > one.offset) one.passed += 1;
  }

  async function judge(id: string, temporal: TemporalLookup): Promise<void> {
    const sentOne = silent.get(id);
    if (!sentOne) return;
    const jobs = await temporal.jobsBeside(id);
    // One answer is about all jobs of a pack.
    for (const job of jobs) if (isOurs(job)) silent.delete(job.id);
    const holder = jobs.find((job) => job.id === id);
    if (!silent.has(id) || !holder || sentOne.passed < ROUNDS_UNTIL_SURE) return;
    silent.delete(id);
    duplicates.set(id, sourceText(holder.source));
  }

  function isOurs({ id, source }: PackJob): boolean {
    const sentOne = silent.get(id);
    if (!sentOne || source.door !== 'kafka' || source.topic !== topic) return false;
    return source.partition === sentOne.partition && BigInt(source.offset) === sentOne.offset;
  }

  async function tellEnd(id: string, duplicateOf: string, temporal: TemporalLookup): Promise<void> {
    const view = await temporal.get(id);
    if (!hasEnded(view.status)) return;
    duplicates.delete(id);
    const end: JobEnd = { id, status: view.status, result: view.result, message: errorOf(view), duplicateOf };
    waiting.ended(end);
  }
}
