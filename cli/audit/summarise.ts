import type { OpenHolder } from './find-holders';
import { verdicts, type RecordTable } from './record-table';
import type { AuditReport } from './report';

export type RecordCounts = AuditReport['records'];
export type RecordKind = Exclude<keyof RecordCounts, 'received'>;

/** What became of a record. Undefined when there is no record at this offset. */
export function kindOf(table: RecordTable, row: number): RecordKind | undefined {
  if (!table.isPresent(row)) return undefined;
  const status = table.status(row);
  if (status) return status;
  if (table.hasDeadLetter(row)) return 'deadLettered';
  const verdict = table.verdictOf(row);
  if (verdict === verdicts.running) return 'running';
  if (verdict === verdicts.duplicate) return 'duplicate';
  return table.isCommitted(row) ? 'lost' : 'waiting';
}

export interface RecordAt {
  table: RecordTable;
  row: number;
}

export interface Summary {
  records: RecordCounts;
  jobsWithDifferentResults: number;
  jobsWithOtherIds: number;
  /** Milliseconds since 1970: the timestamp of the oldest record that waits. */
  waitingSince?: number;
  /** The first few. */
  first: Record<'lost' | 'waiting' | 'differentResults' | 'otherIds', RecordAt[]>;
}

/** Counts every record once. */
export function summarise(tables: Iterable<RecordTable>, exampleCount: number): Summary {
  const summary: Summary = {
    records: {
      received: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      expired: 0,
      deadLettered: 0,
      duplicate: 0,
      running: 0,
      waiting: 0,
      lost: 0,
    },
    jobsWithDifferentResults: 0,
    jobsWithOtherIds: 0,
    first: { lost: [], waiting: [], differentResults: [], otherIds: [] },
  };
  const { records, first } = summary;
  for (const table of tables) {
    for (let row = 0; row < table.size; row += 1) {
      const kind = kindOf(table, row);
      if (!kind) continue;
      records.received += 1;
      records[kind] += 1;
      if (kind === 'waiting') {
        summary.waitingSince = Math.min(summary.waitingSince ?? Infinity, table.timestamp(row));
      }
      if (kind === 'waiting' || kind === 'lost') keep(first[kind], table, row);
      if (table.hasDifferentResults(row)) {
        summary.jobsWithDifferentResults += 1;
        keep(first.differentResults, table, row);
      }
      if (table.hasOtherId(row)) {
        summary.jobsWithOtherIds += 1;
        keep(first.otherIds, table, row);
      }
    }
  }
  return summary;

  function keep(list: RecordAt[], table: RecordTable, row: number): void {
    if (list.length < exampleCount) list.push({ table, row });
  }
}

/** Workflows that still hold a running record, the oldest first, each with the first such record. */
export function stillRunning(
  tables: ReadonlyMap<number, RecordTable>,
  holders: OpenHolder[],
): (RecordAt & { holder: OpenHolder })[] {
  return holders
    .flatMap((holder) => {
      const table = tables.get(holder.partition);
      for (let offset = holder.firstOffset; table && offset <= holder.lastOffset; offset += 1) {
        const row = table.rowOf(offset);
        if (row !== undefined && kindOf(table, row) === 'running') return [{ table, row, holder }];
      }
      return [];
    })
    .sort((a, b) => a.holder.workflow.startedAt - b.holder.workflow.startedAt);
}
