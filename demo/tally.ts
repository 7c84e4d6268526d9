import { createHash } from 'node:crypto';
import { jobResultSchema, type JobResult } from '../contracts/job-result';
import type { Positions } from './follow-topics';

/** All results that came for one job. */
export interface ResultsOfJob {
  /** Undefined when the first record under its id could not be read as a result. */
  result?: JobResult;
  copies: number;
  /** Hashes of their bytes: more than one means that two results contradict each other. */
  distinct: Set<string>;
}

/** Keeps count of what came out. */
export class Tally {
  readonly results = new Map<string, ResultsOfJob>();
  /** Labels of the records that ended as dead letters. */
  readonly deadLetters = new Set<string>();
  completed = 0;
  failed = 0;
  /** Milliseconds of `performance.now()`. */
  lastResultAt = 0;

  /** @param from where the queue ended before the demo: results of earlier records are not ours */
  constructor(
    private readonly jobIds: ReadonlySet<string>,
    private readonly from: Positions,
  ) {}

  /** Takes a record of the results topic. Returns its result when it is the first of one of our jobs. */
  takeResult(key: string, value: Buffer): JobResult | undefined {
    if (!this.jobIds.has(key)) return undefined;
    const result = read(value);
    if (result && this.isOlder(result)) return undefined;
    const hash = createHash('sha256').update(value).digest('base64');
    const known = this.results.get(key);
    if (known) {
      known.copies += 1;
      known.distinct.add(hash);
      return undefined;
    }
    this.results.set(key, { result, copies: 1, distinct: new Set([hash]) });
    if (result?.status === 'completed') this.completed += 1;
    else this.failed += 1;
    this.lastResultAt = performance.now();
    return result;
  }

  /** Whether it is the first of that label: the bridge may send one again after a crash. */
  takeDeadLetter(label: string): boolean {
    const isNew = !this.deadLetters.has(label);
    this.deadLetters.add(label);
    return isNew;
  }

  /** Jobs with a result and dead letters. */
  get finished(): number {
    return this.results.size + this.deadLetters.size;
  }

  private isOlder({ source }: JobResult): boolean {
    return source.door !== 'kafka' || BigInt(source.offset) < (this.from.get(source.partition) ?? 0n);
  }
}

function read(value: Buffer): JobResult | undefined {
  try {
    return jobResultSchema.parse(JSON.parse(value.toString('utf8')));
  } catch {
    return undefined;
  }
}
