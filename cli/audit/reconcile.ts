import { saidInRecord } from '../../bridge/kafka/said-in-record';
import { jobIdOf } from '../../contracts/ids';
import { compareLlmCalls, type LlmCallCounts, type LlmCallFindings } from './count-llm-calls';
import { findIdsDoneTwice, type IdsDoneTwice, JOB_ID_RETENTION_MS } from './find-ids-done-twice';
import { findHolders, type Holders } from './find-holders';
import { countSkippedPerhaps, markDuplicates, markDuplicatesOfRunning } from './mark-duplicates';
import {
  findMissingResults,
  SETTLED_AFTER_MS,
  tooRecentWarning,
  type MissingResult,
} from './missing-results';
import { identityOf, RecordTable, verdicts } from './record-table';
import type { AuditReport } from './report';
import type { AuditSource } from './source';
import { stillRunning, summarise, type RecordAt } from './summarise';
import { createOutcomes } from './take-results';
import type { WorkflowLookup } from './workflow-lookup';

export interface ReconcileOptions {
  source: AuditSource;
  lookup: WorkflowLookup;
  topic: string;
  group: string;
  /** `JOB_ID_DEDUPE=ledger`: of several records with one job id only the first is worked on. */
  jobIdsOnce: boolean;
  /** How long the ledger keeps an id, in milliseconds. Default: 8 days. */
  jobIdRetentionMs?: number;
  /** Absent, or resolves to undefined, where nobody counts the calls. */
  readLlmCalls?: () => Promise<LlmCallCounts | undefined>;
  /** How many examples of each kind the report names. */
  examples?: number;
  /** Publishes results for jobs whose workflow somebody terminated. Absent: they are only told of. */
  publishMissing?: (results: MissingResult[]) => Promise<void>;
  /** Milliseconds that such a workflow must have been closed for. */
  settledAfterMs?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  now?: () => number;
}

export type OnProgress = (what: string, done: number, total?: number) => void;

export interface Reconciled {
  report: AuditReport;
  tables: ReadonlyMap<number, RecordTable>;
  holders: Holders;
}

/**
 * Reconciles records of the queue topic with results, dead letters and workflows.
 *
 * The order makes it right while jobs are running. The committed offsets come first, then records, results and dead letters; Temporal is asked
 * only about records that have no outcome by then, and after it what results have come in between. So a job that ends at any
 * moment has its result in one of the two readings, or its workflow open.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciled> {
  const { source, lookup, topic, group, jobIdsOnce, examples = 10, now = Date.now } = options;
  const { settledAfterMs = SETTLED_AFTER_MS } = options;
  const startedAt = now();
  const { ranges, deletedUnread, warnings } = await source.select();
  const tables = new Map(ranges.map((range) => [range.partition, new RecordTable(range)]));
  const outcomes = createOutcomes(topic, tables, startedAt);

  await source.readQueue(
    ranges,
    (partition, record) => {
      const table = tables.get(partition);
      const row = table?.rowOf(Number(record.offset));
      if (row !== undefined) table?.setRecord(row, Number(record.timestamp), identityOf(record));
    },
    progress('reading records'),
  );
  await readOutcomes();
  if (jobIdsOnce) markDuplicates(tables.values(), outcomes.otherJobIds);
  const asking = (asked: number) => options.onProgress?.('asking Temporal', asked);
  const holders = await findHolders({
    tables,
    lookup,
    onProgress: asking,
    signal: options.signal,
  });
  if (jobIdsOnce) await markDuplicatesOfRunning(tables.values(), lookup, options.signal);
  await readOutcomes();
  if (jobIdsOnce) markDuplicates(tables.values(), outcomes.otherJobIds);

  const missing = await publishMissing();
  const summary = summarise(tables.values(), examples);
  const running = stillRunning(tables, holders.open);
  const llm = await countLlmCalls();
  const { lost, waiting, differentResults, otherIds } = summary.first;
  const doneTwice = findDoneTwice();
  const shownRunning = running.slice(0, examples);
  const jobIds = await readJobIds([
    ...lost,
    ...waiting,
    ...differentResults,
    ...otherIds,
    ...doneTwice.first,
    ...shownRunning,
  ]);
  const placeOf = ({ table, row }: RecordAt) => ({
    partition: table.range.partition,
    offset: table.offsetOf(row),
  });
  const at = ({ table, row }: RecordAt) => ({
    ...placeOf({ table, row }),
    jobId: jobIds.get(`${table.range.partition}:${row}`) ?? null,
  });
  if (summary.records.lost > 0) warnings.push(...skippedPerhaps(), ...(await resultsGone()));
  warnings.push(...(await resultsCompacted()));
  const endedAt = now();
  const { counts } = outcomes;

  const report: AuditReport = {
    ok:
      summary.records.lost === 0 &&
      deletedUnread.length === 0 &&
      summary.jobsWithDifferentResults === 0 &&
      summary.jobsWithOtherIds === 0 &&
      doneTwice.count === 0,
    topic,
    group,
    jobIdsOnce,
    startedAt: new Date(startedAt).toISOString(),
    tookMs: endedAt - startedAt,
    ranges: ranges.map(({ partition, from, to, committed }) => ({ partition, from, to, committed })),
    deletedUnread,
    records: summary.records,
    longestRunningMs: running[0] ? endedAt - running[0].holder.workflow.startedAt : null,
    longestWaitingMs: summary.waitingSince === undefined ? null : endedAt - summary.waitingSince,
    results: {
      jobsWithDifferentResults: summary.jobsWithDifferentResults,
      jobsWithOtherIds: summary.jobsWithOtherIds,
      jobIdsDoneTwice: doneTwice.count,
      identicalCopies: counts.identicalResults,
      repeatedDeadLetters: counts.repeatedDeadLetters,
      withoutRecord: counts.withoutRecord,
      unreadable: counts.unreadableResults,
      published: missing.length,
    },
    llmCalls: llm?.totals ?? null,
    examples: {
      lost: lost.map((place) => ({ ...at(place), ...whyLost(place) })),
      differentResults: differentResults.map(at),
      otherIds: otherIds.map(at),
      jobIdsDoneTwice: doneTwice.first.map(({ other, ...later }) => ({
        ...at(later),
        other: other ? placeOf(other) : null,
      })),
      running: shownRunning.map((place) => ({
        ...at(place),
        workflowId: place.holder.workflow.workflowId,
        runningMs: endedAt - place.holder.workflow.startedAt,
      })),
      waiting: waiting.map((place) => ({
        ...at(place),
        waitingMs: endedAt - place.table.timestamp(place.row),
      })),
      duplicateLlmCalls: llm?.examples ?? [],
    },
    warnings,
  };
  return { report, tables, holders };

  async function countLlmCalls(): Promise<LlmCallFindings | undefined> {
    const counts = await options.readLlmCalls?.();
    if (!counts) return undefined;
    const found = compareLlmCalls(tables.values(), counts, examples);
    if (found.totals.duplicate === 0) return found;
    // It may be run again just now, or have been a moment ago: a result of that is read after the open workflows.
    const open = new Set<string>();
    for await (const ids of lookup.openJobIds()) {
      options.signal?.throwIfAborted();
      ids.forEach((id) => open.add(id));
    }
    await readOutcomes();
    return compareLlmCalls(tables.values(), counts, examples, open);
  }

  function findDoneTwice(): IdsDoneTwice {
    if (!jobIdsOnce) return { count: 0, first: [] };
    const { jobIdRetentionMs = JOB_ID_RETENTION_MS } = options;
    return findIdsDoneTwice(tables.values(), outcomes.otherJobIds, jobIdRetentionMs, examples);
  }

  async function readOutcomes(): Promise<void> {
    await source.readResults((_, message) => outcomes.takeResult(message), progress('reading results'));
    await source.readDeadLetters(
      (_, message) => outcomes.takeDeadLetter(message),
      progress('reading dead letters'),
    );
  }

  async function publishMissing(): Promise<MissingResult[]> {
    if (!options.publishMissing) return [];
    const { results, tooRecent } = await findMissingResults({
      tables,
      holders,
      lookup,
      now: now(),
      settledAfterMs,
    });
    if (tooRecent > 0) warnings.push(tooRecentWarning(tooRecent, settledAfterMs));
    if (results.length === 0) return [];
    await options.publishMissing(results);
    await readOutcomes();
    return results;
  }

  function progress(what: string): (done: number, total: number) => void {
    return (done, total) => options.onProgress?.(what, done, total);
  }

  /** The tables hold hashes only, so the few records that are shown are read once more. */
  async function readJobIds(places: RecordAt[]): Promise<Map<string, string>> {
    const ids = new Map<string, string>();
    const named = places.filter(({ table, row }) => table.hasJobId(row));
    const wanted = named.map(({ table, row }) => {
      const offset = table.offsetOf(row);
      return { partition: table.range.partition, from: offset, to: offset + 1 };
    });
    await source.readQueue(wanted, (partition, record) => {
      const row = tables.get(partition)?.rowOf(Number(record.offset));
      const { jobId } = saidInRecord(record);
      if (jobId !== undefined) ids.set(`${partition}:${row}`, jobId);
    });
    for (const { table, row } of places) {
      const { partition } = table.range;
      if (table.hasJobId(row)) continue;
      const offset = String(table.offsetOf(row));
      ids.set(`${partition}:${row}`, jobIdOf({ topic, partition, offset, timestamp: table.timestamp(row) }));
    }
    return ids;
  }

  function closedPackOf({ table, row }: RecordAt) {
    const offset = table.offsetOf(row);
    return holders.closed.find(
      ({ partition, firstOffset, lastOffset }) =>
        partition === table.range.partition && firstOffset <= offset && offset <= lastOffset,
    );
  }

  function whyLost({ table, row }: RecordAt) {
    const offset = table.offsetOf(row);
    const pack = closedPackOf({ table, row });
    if (pack && table.verdictOf(row) === verdicts.closed) {
      const { workflowId, status } = pack.closedJobs.get(offset) ?? pack;
      const why = `Its workflow is closed (${status}), and published no result for it.`;
      return { workflowId, workflowStatus: status, why };
    }
    return {
      workflowId: null,
      workflowStatus: null,
      why: 'The offset is committed, but no workflow that Temporal remembers holds the record.',
    };
  }

  function skippedPerhaps(): string[] {
    if (jobIdsOnce) return [];
    // One in a workflow that somebody terminated is lost, whatever else has its job id.
    const mayBeSkipped = (place: RecordAt) => {
      const { status } = closedPackOf(place) ?? {};
      return status === undefined || status === 'COMPLETED' || status === 'FAILED';
    };
    const skipped = countSkippedPerhaps(tables.values(), outcomes.otherJobIds, mayBeSkipped);
    if (skipped === 0) return [];
    return [
      `${skipped} of the lost records have the job id of another record that is done or worked on. Bridges with JOB_ID_DEDUPE=ledger skip ` +
        'such records: if yours have it, set it for the audit too.',
    ];
  }

  async function resultsCompacted(): Promise<string[]> {
    const policy = await source.resultsPolicy();
    if (policy !== undefined && !policy.includes('compact')) return [];
    const found =
      policy === undefined
        ? 'Kafka does not tell the cleanup.policy of the results topic (a right to describe its configuration is missing). If it is compacted'
        : `The results topic has cleanup.policy=${policy}`;
    return [
      `${found}, older results may be gone where a newer one has the same job id: jobs may look lost whose results were dropped, and ` +
        'results that differ or were published twice may go unseen.',
    ];
  }

  async function resultsGone(): Promise<string[]> {
    const gone = (await source.results()).filter(({ from }) => from > 0).map(({ partition }) => partition);
    if (gone.length === 0) return [];
    return [
      `The results topic has deleted its oldest records (partitions ${gone.join(', ')}), so jobs may look lost whose results ` +
        'are only gone: audit a range for which all results are there.',
    ];
  }
}
