import { HashList, positionIn, type TimedHashList } from './hash';
import type { RecordTable } from './record-table';
import type { RecordAt } from './summarise';

export interface IdsDoneTwice {
  count: number;
  /** The first few: the later of two records with one id, and the earlier one unless it is not audited. */
  first: (RecordAt & { other?: RecordAt })[];
}

/** How long the ledger keeps an id by default: `JOB_ID_RETENTION_HOURS`. */
export const JOB_ID_RETENTION_MS = 192 * 3_600_000;

/**
 * Job ids with results of more than one record, which no ledger would have let through. Several results of one record, such as
 * those of a job that was run again, are none of that; nor are records so far apart that the first was forgotten.
 *
 * @param others ids of results whose records are not in the tables, with the timestamps of the records
 * @param retentionMs how long the ledger keeps an id
 */
export function findIdsDoneTwice(
  tables: Iterable<RecordTable>,
  others: TimedHashList,
  retentionMs: number,
  exampleCount: number,
): IdsDoneTwice {
  const all = [...tables];
  const repeated = repeatedIds(all, others);
  const found: IdsDoneTwice = { count: 0, first: [] };
  if (repeated.length === 0) return found;
  const ids = new HashList();
  const times: number[] = [];
  /** Places in `all`, and -1 for a record that is not audited; and rows. */
  const places: number[] = [];
  const rows: number[] = [];
  const add = (id: bigint, time: number, place: number, row: number) => {
    if (positionIn(repeated, id) === undefined) return;
    ids.push(id);
    times.push(time);
    places.push(place);
    rows.push(row);
  };
  for (const [place, table] of all.entries()) {
    forEachDone(table, (row) => add(table.identity(row), table.timestamp(row), place, row));
  }
  others.forEach((id, time) => add(id, time, -1, -1));
  const timeOf = (index: number) => times[index] as number;
  const recordAt = (index: number): RecordAt | undefined => {
    const table = all[places[index] as number];
    return table && { table, row: rows[index] as number };
  };
  const order = Uint32Array.from({ length: ids.length }, (_, index) => index).sort(
    (a, b) => compare(ids.at(a), ids.at(b)) || timeOf(a) - timeOf(b),
  );
  let counted: bigint | undefined;
  for (let index = 1; index < order.length; index += 1) {
    const [before, after] = [order[index - 1] as number, order[index] as number];
    const id = ids.at(after);
    if (ids.at(before) !== id || counted === id || timeOf(after) - timeOf(before) >= retentionMs) continue;
    const [earlier, later] = [recordAt(before), recordAt(after)];
    const shown = later ?? earlier;
    if (!shown) continue;
    counted = id;
    found.count += 1;
    if (found.first.length < exampleCount) found.first.push({ ...shown, other: later && earlier });
  }
  return found;
}

/** Sorted: ids that several audited records have, or an audited one and another. */
function repeatedIds(tables: RecordTable[], others: TimedHashList): BigUint64Array {
  const done = new HashList();
  for (const table of tables) forEachDone(table, (row) => done.push(table.identity(row)));
  const sorted = done.sorted();
  const repeated = new HashList();
  for (let index = 1; index < sorted.length; index += 1) {
    const id = sorted[index] as bigint;
    if (id === sorted[index - 1] && id !== sorted[index - 2]) repeated.push(id);
  }
  others.forEach((id) => {
    if (positionIn(sorted, id) !== undefined) repeated.push(id);
  });
  return repeated.sorted();
}

/** Records with a result, and an id of their own that another may have too. */
function forEachDone(table: RecordTable, look: (row: number) => void): void {
  for (let row = 0; row < table.size; row += 1) {
    if (table.hasJobId(row) && table.status(row) !== undefined) look(row);
  }
}

function compare(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
