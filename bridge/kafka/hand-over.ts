import { packWorkflowId } from '../../contracts/ids';
import type { PackJob } from '../../contracts/pack';
import type { Logger } from '../../runtime/logger';
import type { BridgeMetrics } from '../../runtime/metrics';
import type { PackToStart } from '../start-pack';
import type { ClaimJobIds } from './claim-job-ids';
import type { Committer } from './committer';
import { cutPack, type PackCut, type PackLimits, type Poison } from './cut-pack';
import type { ExistingPack, ExistingPacks } from './existing-packs';
import type { QueueBatch, QueueRecord } from './queue-record';
import type { Requests } from './requests';
import { isOwnTrouble, isOwnTroubleOfLookUp } from './own-trouble';
import { StandsStill, type UntilDone } from './until-done';

export interface HandOverDependencies {
  requests: Omit<Requests, 'claim'>;
  readRecord: (record: QueueRecord) => PackJob;
  /** Leaves out jobs whose id came before. Absent: whatever has a record of its own is a job of its own. */
  claimJobIds?: ClaimJobIds;
  committer: Committer;
  limits: PackLimits;
  /** So long after a pack that is not full nothing more is fetched from its broker, unless there is a backlog. Milliseconds. */
  lingerMs: number;
  /** Tries again while Temporal or Kafka is away. */
  untilDone: UntilDone;
  logger: Logger;
  metrics?: BridgeMetrics;
}

export interface HandOver {
  /** Makes the records of a batch durable, pack after pack. Returns the offset to read next, up to which all is being committed, after a rest where there is one. */
  batch(batch: QueueBatch): Promise<bigint>;
  /** The assignment changed: positions are those of the group again. */
  forget(): void;
}

/** Older news about a backlog counts no longer. */
const BACKLOG_KNOWN_MS = 5_000;

interface Durable {
  /** The last offset that is. */
  last: bigint;
  /** A workflow was started for it. */
  isNew?: boolean;
}

/**
 * The chain of packs. Within a partition packs are started one after the other, each beginning where the one before ends, whoever
 * started that one. So redelivery, a lost commit and a bridge that still believes it owns the partition can
 * neither put a record into two packs nor leave one out.
 */
export function createHandOver(dependencies: HandOverDependencies): HandOver {
  const { requests, committer, untilDone, metrics, logger } = dependencies;
  /** By partition: everything before is durable. Absent until the first batch after an assignment. */
  const positions = new Map<number, bigint>();
  /** Partitions in which packs may be met further on. */
  const searched = new Set<number>();
  /** By partition and place: records that are in the dead-letter topic, though no offset behind them is durable yet. */
  const deadLettered = new Map<number, Map<string, bigint>>();
  /** By partition: how many offsets the log had behind what was fetched last, and when that was. */
  const behind = new Map<number, { offsets: number; at: number }>();

  return {
    async batch(batch) {
      behind.set(batch.partition, { offsets: batch.behind, at: Date.now() });
      return await handOverAll(batch);
    },
    forget() {
      behind.clear();
      positions.clear();
      deadLettered.clear();
      searched.clear();
      requests.forget();
      committer.forget();
    },
  };

  async function handOverAll(batch: QueueBatch): Promise<bigint> {
    const { partition, held, owned, paused, records: fetched } = batch;
    const { lingerMs } = dependencies;
    const beganAt = Date.now();
    let next = fetched[0]?.offset ?? 0n;
    let isAnyNew = false;
    let mayGrow = false;
    try {
      const existing = await existingPacks(batch);
      // What is behind may be met by a later batch, however this one ends.
      if (existing?.more) searched.add(partition);
      let records = fetched;
      while (existing && records.length > 0 && held() && !paused()) {
        const front = whatIsInFront(records, existing.packs);
        mayGrow = 'cut' in front && !front.cut.isFull;
        // Behind another pack it waits, to be fetched again with what comes meanwhile.
        if (mayGrow && isAnyNew && lingerMs > 0) break;
        const durable = 'cut' in front ? await handOver(front.cut, batch) : goBehind(front.pack);
        mayGrow &&= durable?.isNew === true;
        if (durable === undefined) break;
        const { last, isNew = false } = durable;
        isAnyNew ||= isNew;
        // In one step, before anything else is awaited: this is the watermark, and it is committed at once. What is not committed comes again: a heartbeat
        // may have failed without a rebalance.
        if (owned()) {
          next = last + 1n;
          positions.set(partition, next);
          forgetDeadLetters(partition, next);
          batch.progressed();
          committer.durable(partition, next);
        }
        records = behindOffset(records, last);
      }
      if (existing && !existing.more && owned()) searched.delete(partition);
    } catch (error) {
      if (!(error instanceof StandsStill)) throw error;
      mayGrow = false;
      // Nothing is fetched of it for a while, so others need not hurry.
      behind.delete(partition);
      batch.setAside(error.what);
    }
    // What is left is fetched again.
    metrics?.recordsReceived.inc(fetched.filter(({ offset }) => offset < next).length);
    if (mayGrow && !paused()) await linger(batch, beganAt + lingerMs);
    return next;
  }

  /** So that what arrives meanwhile shares the next pack. The client fetches for all partitions together, so nothing rests beside a backlog. */
  async function linger({ rest }: QueueBatch, until: number): Promise<void> {
    const isBehind = [...behind.values()].some(
      // What nobody fetches may be records of a transaction that was aborted, or their leader is away.
      ({ offsets, at }) => offsets >= dependencies.limits.maxJobs && Date.now() - at < BACKLOG_KNOWN_MS,
    );
    const ms = until - Date.now();
    if (ms > 0 && !isBehind) await rest(ms);
  }

  /**
   * Packs that other bridges, or this one before, have started here. Asked for after an assignment, since an operator may have
   * reset the group, until there are no more, and when the log goes back, since the topic may have been made anew. Undefined
   * when the partition was lost.
   */
  async function existingPacks(batch: QueueBatch): Promise<ExistingPacks | undefined> {
    const { partition, records, held } = batch;
    const first = records[0]?.offset ?? 0n;
    const known = positions.get(partition);
    const goesBack = known !== undefined && known > first;
    if (goesBack) committer.forget(partition);
    if (known !== undefined && !goesBack && !searched.has(partition)) return { packs: [], more: false };
    return await untilDone(
      'look for packs in Temporal',
      held,
      () => requests.findExistingPacks(records, held),
      { isOwn: isOwnTroubleOfLookUp, ms: batch.patienceMs() },
    );
  }

  /** A pack that others have started, or the one to start. */
  function whatIsInFront(
    records: QueueRecord[],
    existing: ExistingPack[],
  ): { pack: ExistingPack } | { cut: PackCut } {
    const front = records[0]?.offset ?? 0n;
    const pack = existing.find(({ firstOffset, lastOffset }) => firstOffset <= front && front <= lastOffset);
    if (pack) return { pack };
    // A pack must not reach into the next one, which may hold records that were poison when it was started, and are no longer.
    const ahead = existing.find(({ firstOffset }) => firstOffset > front);
    const free = ahead ? records.filter((record) => record.offset < ahead.firstOffset) : records;
    const cut = cutPack(free, dependencies.limits, dependencies.readRecord);
    return { cut: { ...cut, isFull: cut.isFull || ahead !== undefined } };
  }

  function goBehind({ workflowId, lastOffset }: ExistingPack): Durable {
    metrics?.packsExisting.inc();
    logger.info({ workflowId, lastOffset: String(lastOffset) }, 'pack was started already');
    return { last: lastOffset };
  }

  /** Undefined when the partition was lost, or the bridge stopped or paused, before anything was durable. */
  async function handOver(cut: PackCut, batch: QueueBatch): Promise<Durable | undefined> {
    const { held, paused } = batch;
    // Before the pack: who finds the pack in place goes on behind it, and relies on its poison being put aside.
    if (!(await putAside(cut.poison, batch))) return undefined;
    const jobs = await withoutDuplicates(cut.jobs, held);
    if (jobs === undefined) return undefined;
    if (jobs.length === 0) return { last: cut.lastOffset };
    const pack = toPack(jobs, cut.lastOffset);
    // A start that waits for its turn is left for later when the bridge pauses. Not one that was tried, by which it learns that it may go on.
    let isBegun = false;
    const isWanted = () => {
      const wanted = held() && (isBegun || !paused());
      isBegun ||= wanted;
      return wanted;
    };
    const start = () => requests.startPack(pack, isWanted, batch);
    const patience = { isOwn: isOwnTrouble, ms: batch.patienceMs() };
    const started = await untilDone('start a workflow', held, start, patience);
    if (started === undefined) return undefined;
    const { workflowId, range } = pack;
    if (started.kind === 'exists') {
      return goBehind({ workflowId, ...range, lastOffset: started.lastOffset ?? range.lastOffset });
    }
    metrics?.packsStarted.inc();
    metrics?.jobsHandedOver.inc(jobs.length);
    logger.debug({ workflowId, jobs: jobs.length }, 'pack started');
    return { last: cut.lastOffset, isNew: true };
  }

  /**
   * Before the pack too: it is named after the first of its jobs that is no duplicate, and whoever comes again has to find the
   * same one. The ledger gives everybody the same answer.
   */
  async function withoutDuplicates(jobs: PackJob[], held: () => boolean): Promise<PackJob[] | undefined> {
    if (!dependencies.claimJobIds || jobs.length === 0) return jobs;
    return await dependencies.claimJobIds(jobs, held);
  }

  function forgetDeadLetters(partition: number, before: bigint): void {
    const written = deadLettered.get(partition);
    for (const [place, offset] of written ?? []) if (offset < before) written?.delete(place);
  }

  /** Writes dead letters; false when the partition was lost, or the bridge stopped, before they were written. */
  async function putAside(all: Poison[], batch: QueueBatch): Promise<boolean> {
    if (all.length === 0) return true;
    const { partition, held } = batch;
    const written = deadLettered.get(partition) ?? new Map<string, bigint>();
    deadLettered.set(partition, written);
    for (;;) {
      // The start of the pack that they are in may have been let go since, or their own writing.
      const left = all.filter(({ record }) => !written.has(placeOf(record)));
      if (left.length === 0) return true;
      const send = () => requests.sendDeadLetters(left, batch);
      // Whatever it is: partitions without poison need no dead-letter topic.
      const patience = { isOwn: () => true, ms: batch.patienceMs() };
      const sent = await untilDone('write dead letters', held, send, patience);
      if (!sent) return false;
      for (const one of sent) tellDeadLetter(one, written);
    }
  }

  function tellDeadLetter({ record, error }: Poison, written: Map<string, bigint>): void {
    const { partition, offset } = record;
    written.set(placeOf(record), offset);
    metrics?.deadLetters.inc({ code: error.code });
    const at = { partition, offset: String(offset) };
    logger.warn({ ...at, code: error.code, reason: error.message }, 'record is not a job; dead-lettered');
  }
}

/** They are in order, and there may be thousands of them: not looked at again with every pack. */
function behindOffset(records: QueueRecord[], last: bigint): QueueRecord[] {
  const first = records.findIndex(({ offset }) => offset > last);
  return first < 0 ? [] : records.slice(first);
}

/** The timestamp tells records of a topic that was made anew from those before. */
function placeOf({ offset, timestamp }: QueueRecord): string {
  return `${offset}:${timestamp}`;
}

function toPack(jobs: PackJob[], lastOffset: bigint) {
  const source = jobs[0]?.source;
  if (source?.door !== 'kafka') throw new Error('a pack of this door has jobs from Kafka');
  const { topic, partition, offset } = source;
  const range = { partition: `${topic}-${partition}`, firstOffset: BigInt(offset), lastOffset };
  return { workflowId: packWorkflowId(source), jobs, range } satisfies PackToStart;
}
