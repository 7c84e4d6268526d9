import { hash64, HashList, positionIn, type TimedHashList } from './hash';
import { verdicts, type RecordTable } from './record-table';
import type { RecordAt } from './summarise';
import type { WorkflowLookup } from './workflow-lookup';

/**
 * With `JOB_ID_DEDUPE=ledger` the bridge skips a record when another one has its job id. Marks the records that nobody holds as
 * duplicates where another record of the same job id has a result or is being worked on.
 *
 * @param otherJobIds ids of jobs that are done or worked on, and whose records are not in the tables
 */
export function markDuplicates(tables: Iterable<RecordTable>, otherJobIds: HashList | TimedHashList): void {
  forEachRepeated([...tables], otherJobIds, (table, row) => table.setVerdict(row, verdicts.duplicate));
}

/** How many records a ledger may have skipped: committed, held by nobody, and another record has their job id, which is done or worked on. */
export function countSkippedPerhaps(
  tables: Iterable<RecordTable>,
  otherJobIds: HashList | TimedHashList,
  mayBeSkipped: (record: RecordAt) => boolean,
): number {
  let count = 0;
  forEachRepeated([...tables], otherJobIds, (table, row) => {
    if (table.isCommitted(row) && mayBeSkipped({ table, row })) count += 1;
  });
  return count;
}

/**
 * The same with the ids in running workflows. The record they came from may lie before the audited range, or in an earlier topic.
 * Results that have come since have to be read afterwards.
 */
export async function markDuplicatesOfRunning(
  tables: Iterable<RecordTable>,
  lookup: Pick<WorkflowLookup, 'openJobIds'>,
  signal?: AbortSignal,
): Promise<void> {
  const all = [...tables];
  let isAnyUnheld = false;
  forEachRow(all, (table, row) => (isAnyUnheld ||= table.isUnheld(row) && table.hasJobId(row)));
  if (!isAnyUnheld) return;
  const running = new HashList();
  for await (const jobIds of lookup.openJobIds()) {
    signal?.throwIfAborted();
    for (const jobId of jobIds) running.push(hash64(jobId));
  }
  markDuplicates(all, running);
}

function forEachRepeated(
  all: RecordTable[],
  otherJobIds: HashList | TimedHashList,
  visit: (table: RecordTable, row: number) => void,
): void {
  const list = new HashList();
  forEachRow(all, (table, row) => {
    if (table.isUnheld(row) && table.hasJobId(row)) list.push(table.identity(row));
  });
  if (list.length === 0) return;
  const wanted = list.sorted();
  const isDone = new Uint8Array(wanted.length);
  const done = (id: bigint) => {
    const position = positionIn(wanted, id);
    if (position !== undefined) isDone[position] = 1;
  };
  forEachRow(all, (table, row) => {
    const works = table.status(row) !== undefined || table.verdictOf(row) === verdicts.running;
    if (works && table.hasJobId(row)) done(table.identity(row));
  });
  otherJobIds.forEach(done);
  forEachRow(all, (table, row) => {
    if (!table.isUnheld(row) || !table.hasJobId(row)) return;
    const position = positionIn(wanted, table.identity(row));
    if (position !== undefined && isDone[position] === 1) visit(table, row);
  });
}

function forEachRow(tables: RecordTable[], look: (table: RecordTable, row: number) => void): void {
  for (const table of tables) for (let row = 0; row < table.size; row += 1) look(table, row);
}
