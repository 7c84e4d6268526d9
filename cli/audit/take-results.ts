import { z } from 'zod';
import { deadLetterHeaders } from '../../contracts/headers';
import { jobSourceSchema } from '../../contracts/job-request';
import { jobRunSchema, terminalStatusSchema } from '../../contracts/job-result';
import { runNumber } from '../../contracts/result-runs';
import { lastHeaderText } from '../../runtime/kafka/headers';
import type { ReadMessage } from '../../runtime/kafka/read-ranges';
import { hash64, TimedHashList } from './hash';
import { identityOf, type RecordTable } from './record-table';

/** Results and dead letters, entered into the tables of the records they belong to. */
export interface Outcomes {
  takeResult(message: ReadMessage): void;
  takeDeadLetter(message: ReadMessage): void;
  readonly counts: OutcomeCounts;
  /** Hashes of the ids of results whose records are not audited, with the timestamps of the records. */
  readonly otherJobIds: TimedHashList;
}

export interface OutcomeCounts {
  /** Result records with the bytes of one before, for the same run of the same job. */
  identicalResults: number;
  /** Second dead letters of a record. */
  repeatedDeadLetters: number;
  /** Result records that are no results. */
  unreadableResults: number;
  /** Results that name an audited offset, but not the record that is there: it is of an earlier topic of that name, or gone. */
  withoutRecord: number;
}

/** As much of a result as the audit needs: an audit must also read results of other versions. */
const resultSchema = z.object({
  id: z.string(),
  status: terminalStatusSchema,
  usage: z.object({ llmCalls: z.number() }).optional(),
  source: jobSourceSchema,
  run: jobRunSchema.optional(),
});

/** Results of a job beyond its first one are rare, and kept by name. */
interface MoreResults {
  /** By number of the run: hashes of the different results it has. */
  runs: Map<number, Set<bigint>>;
  newest: number;
}

/** How far the clocks of producers and brokers may be apart. */
const CLOCK_TOLERANCE_MS = 5_000;

/** @param now milliseconds since 1970 */
export function createOutcomes(
  topic: string,
  tables: ReadonlyMap<number, RecordTable>,
  now: number,
): Outcomes {
  const otherJobIds = new TimedHashList();
  const counts: OutcomeCounts = {
    identicalResults: 0,
    repeatedDeadLetters: 0,
    unreadableResults: 0,
    withoutRecord: 0,
  };
  const more = new Map<string, MoreResults>();

  return { takeResult, takeDeadLetter, counts, otherJobIds };

  function takeResult({ value }: ReadMessage): void {
    const result = value && readResult(value);
    if (!value || !result) {
      counts.unreadableResults += 1;
      return;
    }
    const { source, status } = result;
    const place =
      source.door === 'kafka' && source.topic === topic ? find(source.partition, source.offset) : undefined;
    // By the timestamp a record is told from the one that had its offset before the topic was deleted and made again.
    if (!place?.table.isPresent(place.row) || place.table.timestamp(place.row) !== source.timestamp) {
      if (place) counts.withoutRecord += 1;
      otherJobIds.push(hash64(result.id), source.timestamp);
      return;
    }
    const { table, row } = place;
    if (hash64(result.id) !== table.jobIdHash(row)) table.setOtherId(row);
    const bytes = hash64(value);
    const number = runNumber(result);
    const isFirst = table.status(row) === undefined;
    if (isFirst) table.setResult(row, status, bytes);
    if (isFirst && number === 1) {
      takeLlmCalls(table, row, result);
      return;
    }
    const key = `${table.range.partition}:${row}`;
    if (number === 1 && !more.has(key) && table.resultHash(row) === bytes) {
      counts.identicalResults += 1;
      return;
    }
    const known: MoreResults = isFirst
      ? { runs: new Map(), newest: 0 }
      : (more.get(key) ?? firstRun(table.resultHash(row)));
    const hashes = known.runs.get(number) ?? new Set();
    if (hashes.has(bytes)) counts.identicalResults += 1;
    else {
      // Different runs of a job that was run again may end differently; one run may not.
      if (hashes.size > 0) table.setDifferentResults(row);
      takeLlmCalls(table, row, result);
      hashes.add(bytes);
    }
    known.runs.set(number, hashes);
    if (number > known.newest) {
      known.newest = number;
      table.setStatus(row, status);
    }
    more.set(key, known);
  }

  function takeDeadLetter({ headers, value, timestamp }: ReadMessage): void {
    const text = (name: string) => lastHeaderText(headers, name);
    if (text(deadLetterHeaders.topic) !== topic) return;
    const place = find(Number(text(deadLetterHeaders.partition)), text(deadLetterHeaders.offset) ?? '');
    if (!place?.table.isPresent(place.row)) return;
    const { table, row } = place;
    // Headers have no timestamp of the record. Its value tells it from that of an earlier topic, and so does time: no letter is older
    // than its record, unless the record's clock is wrong.
    const { hash } = identityOf({ headers, value });
    const isEmptied = text(deadLetterHeaders.class) === 'HW_RECORD_EMPTY';
    const fits = value === null ? isEmptied === table.isEmpty(row) : hash === table.identity(row);
    const isOlder = Number(timestamp) < table.timestamp(row) - CLOCK_TOLERANCE_MS;
    if (!fits || (isOlder && table.timestamp(row) <= now)) return;
    if (table.hasDeadLetter(row)) counts.repeatedDeadLetters += 1;
    table.setDeadLetter(row);
  }

  function find(partition: number, offset: string): { table: RecordTable; row: number } | undefined {
    const table = tables.get(partition);
    const row = table?.rowOf(Number(offset));
    return table && row !== undefined ? { table, row } : undefined;
  }
}

function takeLlmCalls(
  table: RecordTable,
  row: number,
  { usage, status }: z.infer<typeof resultSchema>,
): void {
  table.addLlmCalls(row, usage?.llmCalls ?? 0, status === 'cancelled' || status === 'expired');
}

function firstRun(bytes: bigint): MoreResults {
  return { runs: new Map([[1, new Set([bytes])]]), newest: 1 };
}

function readResult(value: Buffer): z.infer<typeof resultSchema> | undefined {
  try {
    return resultSchema.safeParse(JSON.parse(value.toString())).data;
  } catch {
    return undefined;
  }
}
