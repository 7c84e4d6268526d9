import { HashList, positionIn, type TimedHashList } from './hash';
import { verdicts, type RecordTable } from './record-table';

/**
 * With `JOB_ID_DEDUPE=ledger` the bridge skips a record when another one has its job id. Marks the records that nobody holds as
 * duplicates where another record of the same job id has a result or is being worked on.
 *
 * @param otherJobIds ids of results whose records are not in the tables
 */
export function markDuplicates(tables: Iterable<RecordTable>, otherJobIds: HashList | TimedHashList): void {
  const all = [...tables];
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
    if (position !== undefined && isDone[position] === 1) table.setVerdict(row, verdicts.duplicate);
  });
}

function forEachRow(tables: RecordTable[], look: (table: RecordTable, row: number) => void): void {
  for (const table of tables) for (let row = 0; row < table.size; row += 1) look(table, row);
}
