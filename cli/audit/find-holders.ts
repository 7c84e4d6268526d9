import { packWorkflowId } from '../../contracts/ids';
import { createLimit } from '../../runtime/limit';
import { hash64 } from './hash';
import { verdicts, type RecordTable } from './record-table';
import type { FoundPack, FoundWorkflow, WorkflowLookup } from './workflow-lookup';

/** A running workflow and the records of a partition that it holds, by offset, both ends included. */
export interface OpenHolder {
  partition: number;
  firstOffset: number;
  lastOffset: number;
  workflow: FoundWorkflow;
}

export interface Holders {
  open: OpenHolder[];
  /** Packs that are closed although a record in them had no outcome. */
  closed: ClosedPack[];
}

export interface ClosedPack extends FoundPack {
  partition: number;
  /** By offset: workflows of jobs that had left it, which are closed too. */
  closedJobs: Map<number, FoundWorkflow>;
}

export interface FindHoldersOptions {
  tables: ReadonlyMap<number, RecordTable>;
  lookup: WorkflowLookup;
  onProgress?: (asked: number) => void;
  signal?: AbortSignal;
}

/** Requests at a time. */
const CONCURRENCY = 8;
/** How far back the pack that holds a record can begin: more than PACK_MAX can be, since some of the records may be skipped. */
const LOOK_BACK = 400;

/**
 * Asks Temporal who holds the records that have neither result nor dead letter, and marks those that somebody works on as running.
 *
 * What is not marked is held by nobody: a pack is asked about before the jobs that left it, and by its id where the visibility
 * store does not know it (yet). Its result may still have come in between: read the results once more before it is called lost.
 */
export async function findHolders(options: FindHoldersOptions): Promise<Holders> {
  const { tables, lookup, signal } = options;
  const holders: Holders = { open: [], closed: [] };
  const seen = new Set<string>();
  const limit = createLimit(CONCURRENCY);
  let asked = 0;
  const ask = <T>(request: () => Promise<T>): Promise<T> =>
    limit(async () => {
      signal?.throwIfAborted();
      options.onProgress?.((asked += 1));
      return await request();
    });

  for (const table of tables.values()) await askPacks(table);
  if ([...tables.values()].some((table) => nextUnheld(table) !== undefined)) await askOpenJobs();
  for (const pack of holders.closed) await askJobsOf(pack);
  return holders;

  /** First those that run, which are most; then, for what is left, all others. */
  async function askPacks(table: RecordTable): Promise<void> {
    await askVisibility(table, 'open');
    await askVisibility(table);
    await askById(table);
  }

  async function askVisibility(table: RecordTable, only?: 'open'): Promise<void> {
    for (const { from, to } of openStretches(table)) {
      for await (const pack of lookup.packs(table.range.partition, from, to, only)) {
        signal?.throwIfAborted();
        options.onProgress?.((asked += 1));
        if (isOfThisTopic(table, pack)) await found(table, pack);
      }
    }
  }

  /** A pack is named after its first job, so whoever holds a record can be asked for by name: the record itself, or one before it. */
  async function askById(table: RecordTable): Promise<void> {
    for (let row = nextUnheld(table); row !== undefined; row = nextUnheld(table, row + 1)) {
      if (table.verdictOf(row) === verdicts.closed) continue;
      // Not yet handed over, most likely; and if it is, it is no loss to call it waiting.
      if (!table.isCommitted(row)) return;
      const pack = await nearestPack(table, row);
      if (pack && pack.lastOffset >= table.offsetOf(row)) await found(table, pack);
    }
  }

  async function nearestPack(table: RecordTable, row: number): Promise<FoundPack | undefined> {
    const { topic, partition } = table.range;
    // Whoever asks about the record behind one that nobody holds need not look back past it.
    const isAlone = row > 0 && table.isOpen(row - 1) && table.verdictOf(row - 1) === verdicts.none;
    const lowest = isAlone ? row : Math.max(0, row - LOOK_BACK);
    for (let end = row; end >= lowest; end -= CONCURRENCY) {
      const rows = Array.from({ length: CONCURRENCY }, (_, step) => end - step).filter(
        (one) => one >= lowest && table.isPresent(one) && !table.hasDeadLetter(one),
      );
      const packs = await Promise.all(
        rows.map((one) => {
          const at = {
            topic,
            partition,
            offset: String(table.offsetOf(one)),
            timestamp: table.timestamp(one),
          };
          return ask(() => lookup.pack(packWorkflowId(at)));
        }),
      );
      const nearest = packs.find((pack) => pack !== undefined);
      if (nearest) return nearest;
    }
    return undefined;
  }

  async function found(table: RecordTable, pack: FoundPack): Promise<void> {
    if (seen.has(pack.workflowId)) return;
    seen.add(pack.workflowId);
    const { partition } = table.range;
    const { firstOffset, lastOffset } = pack;
    const isRunning = pack.status === 'RUNNING';
    const isSurelyOurs = table.rowOf(firstOffset) !== undefined;
    const skipped = isRunning || !isSurelyOurs ? await skippedBy(table, pack) : new Set();
    for (let offset = firstOffset; offset <= lastOffset; offset += 1) {
      const row = table.rowOf(offset);
      if (row === undefined || !table.isUnheld(row) || skipped.has(offset)) continue;
      table.setVerdict(row, isRunning ? verdicts.running : verdicts.closed);
    }
    if (isRunning) holders.open.push({ partition, firstOffset, lastOffset, workflow: pack });
    else holders.closed.push({ ...pack, partition, closedJobs: new Map() });
  }

  /**
   * Offsets a pack covers without having their records as jobs: job ids that came before, records that could be no jobs, or all of
   * them when it is of an earlier topic.
   */
  async function skippedBy(table: RecordTable, pack: FoundPack): Promise<Set<number>> {
    const covered: number[] = [];
    for (let offset = pack.firstOffset; offset <= pack.lastOffset; offset += 1) {
      const row = table.rowOf(offset);
      // What is outside of the audited range may be anything, so then the jobs have to be looked at.
      if (row === undefined || (table.isPresent(row) && !table.hasDeadLetter(row))) covered.push(offset);
    }
    if (table.rowOf(pack.firstOffset) !== undefined && covered.length === pack.jobCount) return new Set();
    const jobs = await ask(() => lookup.jobsOf(pack));
    if (!jobs) return new Set();
    return new Set(
      covered.filter((offset) => {
        const row = table.rowOf(offset);
        return row !== undefined && !jobs.some((job) => table.isSource(row, job.source));
      }),
    );
  }

  /** Jobs that left their packs. Several records may have one job id, so what a workflow was started with tells whose it is. */
  async function askOpenJobs(): Promise<void> {
    const byId = new Map<bigint, FoundWorkflow[]>();
    for await (const job of lookup.openJobs()) {
      signal?.throwIfAborted();
      options.onProgress?.((asked += 1));
      const id = hash64(job.jobId);
      byId.set(id, [...(byId.get(id) ?? []), job]);
    }
    if (byId.size === 0) return;
    const found: Promise<void>[] = [];
    for (const table of tables.values()) {
      for (let row = nextUnheld(table); row !== undefined; row = nextUnheld(table, row + 1)) {
        const workflows = byId.get(table.jobIdHash(row)) ?? [];
        found.push(...workflows.map((workflow) => runningIfOf(table, row, workflow)));
      }
    }
    await Promise.all(found);
  }

  async function runningIfOf(table: RecordTable, row: number, workflow: FoundWorkflow): Promise<void> {
    if (await carries(workflow, table, row)) running(table, row, workflow);
  }

  async function carries(workflow: FoundWorkflow, table: RecordTable, row: number): Promise<boolean> {
    const jobs = await ask(() => lookup.jobsOf(workflow));
    return jobs?.some((job) => table.isSource(row, job.source)) ?? false;
  }

  function running(table: RecordTable, row: number, workflow: FoundWorkflow): void {
    table.setVerdict(row, verdicts.running);
    const offset = table.offsetOf(row);
    const { partition } = table.range;
    holders.open.push({ partition, firstOffset: offset, lastOffset: offset, workflow });
  }

  /** Those that the visibility store does not show (yet) are asked for by their ids, which only their pack knows. */
  async function askJobsOf(pack: ClosedPack): Promise<void> {
    const table = tables.get(pack.partition);
    const rows = table ? unheldRows(table, pack) : [];
    if (!table || rows.length === 0) return;
    const jobs = (await ask(() => lookup.jobsOf(pack))) ?? [];
    const askJob = async (row: number): Promise<void> => {
      const index = jobs.findIndex((job) => table.isSource(row, job.source));
      const job = jobs[index];
      if (!job) return;
      // As workflows/leave-pack.ts names them.
      for (const id of [job.id, `${job.id}~${pack.runId}-${index}`]) {
        const workflow = await ask(() => lookup.workflow(id));
        if (!workflow || !(await carries(workflow, table, row))) continue;
        if (workflow.status === 'RUNNING') return running(table, row, workflow);
        pack.closedJobs.set(table.offsetOf(row), workflow);
      }
    };
    await Promise.all(rows.map(askJob));
  }
}

function unheldRows(table: RecordTable, pack: FoundPack): number[] {
  const rows: number[] = [];
  for (let offset = pack.firstOffset; offset <= pack.lastOffset; offset += 1) {
    const row = table.rowOf(offset);
    if (row !== undefined && table.isUnheld(row)) rows.push(row);
  }
  return rows;
}

/** The first row from here on that nobody is known to hold. */
function nextUnheld(table: RecordTable, from = 0): number | undefined {
  for (let row = from; row < table.size; row += 1) if (table.isUnheld(row)) return row;
  return undefined;
}

/** Stretches of offsets with records nobody is known to hold; those near to each other are one. */
function openStretches(table: RecordTable): { from: number; to: number }[] {
  const stretches: { from: number; to: number }[] = [];
  for (let row = nextUnheld(table); row !== undefined; row = nextUnheld(table, row + 1)) {
    const offset = table.offsetOf(row);
    const last = stretches.at(-1);
    if (last && offset - last.to < NEAR) last.to = offset;
    else stretches.push({ from: offset, to: offset });
  }
  return stretches;
}

/** One query for a thousand offsets too many is cheaper than another query. */
const NEAR = 1_000;

/** The id of a pack carries the timestamp of its first job: an earlier topic of that name had the same offsets. */
function isOfThisTopic(table: RecordTable, { workflowId, firstOffset }: FoundPack): boolean {
  const { topic, partition } = table.range;
  const row = table.rowOf(firstOffset);
  if (row === undefined) return firstOffset < table.range.from;
  const at = { topic, partition, offset: String(firstOffset), timestamp: table.timestamp(row) };
  return table.isPresent(row) && workflowId === packWorkflowId(at);
}
