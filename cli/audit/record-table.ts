import { saidInRecord } from '../../bridge/kafka/said-in-record';
import { jobIdOf } from '../../contracts/ids';
import type { JobSource } from '../../contracts/job-request';
import type { TerminalStatus } from '../../contracts/job-result';
import type { ReadMessage } from '../../runtime/kafka/read-ranges';
import { hash64 } from './hash';

/** What is known about one partition's range of the queue topic: `from` up to, and not including, `to`. */
export interface AuditedRange {
  topic: string;
  partition: number;
  from: number;
  to: number;
  /** The group's committed offset: records before it were handed over. */
  committed: number;
}

/**
 * What was found for a record that has neither a result nor a dead letter. `closed`: in a pack that is closed. `duplicate`: skipped,
 * as another record has its job id.
 */
export const verdicts = { none: 0, closed: 1, running: 2, duplicate: 3 } as const;
export type Verdict = (typeof verdicts)[keyof typeof verdicts];

const statuses = ['none', 'completed', 'failed', 'cancelled', 'expired'] as const;
const STATUS_BITS = 7;
const PRESENT = 8;
const DEAD_LETTER = 16;
const DIFFERENT_RESULTS = 32;
const HAS_JOB_ID = 64;
const OTHER_ID = 128;
/** In the calls of a record, beside their number: so many are none of one job's. */
const STOPPED = 0x8000;
const CALLS_MAX = STOPPED - 1;

/** Memory an audited offset takes, in bytes: the sum of the arrays below. */
export const BYTES_PER_OFFSET = 28;

/**
 * One row for each offset of a range, in typed arrays, so that a million records take 28 MB. Rows are named by their
 * place in the range, `offset - from`.
 */
export class RecordTable {
  readonly size: number;
  private readonly state: Uint8Array;
  private readonly verdict: Uint8Array;
  /** Hash of the job id in the record, or of the whole value when it names none. */
  private readonly identities: BigUint64Array;
  private readonly timestamps: Float64Array;
  /** Hash of the first result's bytes. */
  private readonly results: BigUint64Array;
  private readonly llmCalls: Uint16Array;

  constructor(readonly range: AuditedRange) {
    this.size = Math.max(0, range.to - range.from);
    this.state = new Uint8Array(this.size);
    this.verdict = new Uint8Array(this.size);
    this.identities = new BigUint64Array(this.size);
    this.timestamps = new Float64Array(this.size);
    this.results = new BigUint64Array(this.size);
    this.llmCalls = new Uint16Array(this.size);
  }

  /** Undefined when the offset is outside. */
  rowOf(offset: number): number | undefined {
    const row = offset - this.range.from;
    return row >= 0 && row < this.size ? row : undefined;
  }

  offsetOf(row: number): number {
    return this.range.from + row;
  }

  setRecord(row: number, timestamp: number, identity: Identity): void {
    this.state[row] = PRESENT | (identity.isJobId ? HAS_JOB_ID : 0);
    this.timestamps[row] = timestamp;
    this.identities[row] = identity.hash;
  }

  /** False for the offset of a control record, of an aborted transaction, or one that was compacted away. */
  isPresent(row: number): boolean {
    return (this.flags(row) & PRESENT) !== 0;
  }

  timestamp(row: number): number {
    return this.timestamps[row] ?? NaN;
  }

  /** Whether a job of this source is that of this very record, and not of one that had its offset in an earlier topic. */
  isSource(row: number, source: JobSource): boolean {
    const { topic, partition } = this.range;
    return (
      source.door === 'kafka' &&
      source.topic === topic &&
      source.partition === partition &&
      Number(source.offset) === this.offsetOf(row) &&
      source.timestamp === this.timestamp(row)
    );
  }

  /** Its value is null, or has no bytes. */
  isEmpty(row: number): boolean {
    return !this.hasJobId(row) && emptyIdentities.has(this.identity(row));
  }

  identity(row: number): bigint {
    return this.identities[row] ?? 0n;
  }

  /** The hash of the job's id: that in the record, or the one the bridge makes from where it lies. */
  jobIdHash(row: number): bigint {
    if (this.hasJobId(row)) return this.identity(row);
    const { topic, partition } = this.range;
    const offset = String(this.offsetOf(row));
    return hash64(jobIdOf({ topic, partition, offset, timestamp: this.timestamp(row) }));
  }

  hasJobId(row: number): boolean {
    return (this.flags(row) & HAS_JOB_ID) !== 0;
  }

  setResult(row: number, status: TerminalStatus, bytes: bigint): void {
    this.setStatus(row, status);
    this.results[row] = bytes;
  }

  setStatus(row: number, status: TerminalStatus): void {
    this.state[row] = (this.flags(row) & ~STATUS_BITS) | statuses.indexOf(status);
  }

  /** What a result tells of. `stopped`: it ended a job whose last call, which was stopped, it cannot tell of. */
  addLlmCalls(row: number, calls: number, stopped: boolean): void {
    const flag = stopped || this.wasStopped(row) ? STOPPED : 0;
    this.llmCalls[row] = Math.min(CALLS_MAX, this.llmCallsOf(row) + calls) | flag;
  }

  llmCallsOf(row: number): number {
    return (this.llmCalls[row] ?? 0) & CALLS_MAX;
  }

  /** Calls may have been made that no result of it tells of. */
  wasStopped(row: number): boolean {
    return ((this.llmCalls[row] ?? 0) & STOPPED) !== 0;
  }

  status(row: number): TerminalStatus | undefined {
    const status = statuses[this.flags(row) & STATUS_BITS];
    return status === 'none' ? undefined : status;
  }

  resultHash(row: number): bigint {
    return this.results[row] ?? 0n;
  }

  setDifferentResults(row: number): void {
    this.state[row] = this.flags(row) | DIFFERENT_RESULTS;
  }

  hasDifferentResults(row: number): boolean {
    return (this.flags(row) & DIFFERENT_RESULTS) !== 0;
  }

  /** A result of the record has another id than the job. */
  setOtherId(row: number): void {
    this.state[row] = this.flags(row) | OTHER_ID;
  }

  hasOtherId(row: number): boolean {
    return (this.flags(row) & OTHER_ID) !== 0;
  }

  setDeadLetter(row: number): void {
    this.state[row] = this.flags(row) | DEAD_LETTER;
  }

  hasDeadLetter(row: number): boolean {
    return (this.flags(row) & DEAD_LETTER) !== 0;
  }

  /** A record that ended neither as a result nor as a dead letter: somebody must still hold it. */
  isOpen(row: number): boolean {
    return (this.flags(row) & (PRESENT | DEAD_LETTER | STATUS_BITS)) === PRESENT;
  }

  setVerdict(row: number, verdict: Verdict): void {
    this.verdict[row] = verdict;
  }

  verdictOf(row: number): Verdict {
    return (this.verdict[row] ?? 0) as Verdict;
  }

  /** An open record that nobody is known to hold. */
  isUnheld(row: number): boolean {
    return this.isOpen(row) && this.verdictOf(row) <= verdicts.closed;
  }

  isCommitted(row: number): boolean {
    return this.offsetOf(row) < this.range.committed;
  }

  private flags(row: number): number {
    return this.state[row] ?? 0;
  }
}

export interface Identity {
  hash: bigint;
  isJobId: boolean;
}

const NULL_IDENTITY = 0n;
const emptyIdentities = new Set([NULL_IDENTITY, hash64('')]);

/** What a record says it is, however it is found again: by its job id, or, where it has none, by its whole value. */
export function identityOf(record: Pick<ReadMessage, 'value' | 'headers'>): Identity {
  const { value } = record;
  if (value === null) return { hash: NULL_IDENTITY, isJobId: false };
  const { jobId } = saidInRecord(record);
  return { hash: hash64(jobId ?? value), isJobId: jobId !== undefined };
}
