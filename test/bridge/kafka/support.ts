import pino from 'pino';
import { HeadwayError } from '../../../contracts/errors';
import { jobIdOf } from '../../../contracts/ids';
import type { PackJob } from '../../../contracts/pack';
import type { QueueBatch, QueueRecord } from '../../../bridge/kafka/queue-record';

export const silent = pino({ level: 'silent' });

export const topic = 'x-jobs-queue';

export interface RecordParts {
  partition?: number;
  timestamp?: number;
  value?: string | Buffer | null;
  headers?: QueueRecord['headers'];
}

export function queueRecord(offset: number | bigint, parts: RecordParts = {}): QueueRecord {
  const { partition = 0, timestamp = 1_000 + Number(offset), value = 'job', headers = {} } = parts;
  return {
    topic,
    partition,
    offset: BigInt(offset),
    timestamp,
    key: null,
    value: typeof value === 'string' ? Buffer.from(value) : value,
    headers,
  };
}

/** Reads `poison` as a record that can never be a job, and everything else as one. */
export function readSimply(record: QueueRecord): PackJob {
  const { partition, timestamp, value } = record;
  if (value?.toString() === 'poison') throw new HeadwayError('HW_JOB_INVALID', 'input: is poison');
  const offset = String(record.offset);
  return {
    id: jobIdOf({ topic, partition, offset, timestamp }),
    pipeline: 'company-brief',
    input: { text: value?.toString() ?? '' },
    source: { door: 'kafka', topic, partition, offset, timestamp },
  };
}

/** Reads the same, but the value is the id of the job. */
export function readWithId(record: QueueRecord): PackJob {
  return { ...readSimply(record), id: record.value?.toString() ?? '' };
}

export interface Random {
  /** 0 up to, and without, 1. */
  next(): number;
  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
}

/** Mulberry32: the same numbers for the same seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (probability) => next() < probability,
  };
}

export interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((accept, refuse) => {
    resolve = accept;
    reject = refuse;
  });
  return { promise, resolve, reject };
}

/** Lets everything run that waits for nothing but a turn. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whole numbers from `from` up to, and not including, `to`. */
export const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

/** The first records of a partition; those at the offsets `poison` are no jobs. */
export const records = (count: number, ...poison: number[]) =>
  range(0, count).map((offset) =>
    queueRecord(offset, poison.includes(offset) ? { value: 'poison' } : undefined),
  );

/** These records as the consumer brings them. */
export const batchOf = (
  all: QueueRecord[],
  held: () => boolean = () => true,
  paused: () => boolean = () => false,
): QueueBatch => ({
  partition: 0,
  records: all,
  behind: 0,
  owned: held,
  held,
  paused,
  patienceMs: () => 5_000,
  progressed: () => undefined,
  rest: () => Promise.resolve(),
  setAside: () => undefined,
});
