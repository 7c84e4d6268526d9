import { HeadwayError, messageOf } from '../../contracts/errors';
import type { PackJob } from '../../contracts/pack';
import type { QueueRecord } from './queue-record';

export interface PackLimits {
  maxJobs: number;
  /** Sum of the jobs as JSON, in bytes. A single job may have more. */
  maxBytes: number;
}

export interface Poison {
  record: QueueRecord;
  error: HeadwayError;
}

export interface PackCut {
  /** In order of their offsets; the first one names the pack. Empty when none of the records is a job. */
  jobs: PackJob[];
  /** Offset of the last record the pack covers, a job or not. */
  lastOffset: bigint;
  /** Records among them that can never be a job. */
  poison: Poison[];
  /** A limit was reached, so no further record could be in it. */
  isFull: boolean;
}

/**
 * A value of a search attribute has at most 2 KB on a server with default settings
 * (`limit.searchAttributesSizeOfValue`), and a pack names all its jobs, tenants and pipelines in three of them.
 */
const ATTRIBUTE_MAX_BYTES = 2_000;

/**
 * Takes the next pack off the front of `records`: as many consecutive ones as the limits allow. Never waits for more.
 * Poison inside is covered by the pack without being in it.
 *
 * @param records at least one, of one partition, in order
 */
export function cutPack(
  records: QueueRecord[],
  limits: PackLimits,
  read: (record: QueueRecord) => PackJob,
): PackCut {
  const [front] = records;
  if (!front) throw new Error('cutPack needs at least one record');
  const cut: PackCut = { jobs: [], lastOffset: front.offset, poison: [], isFull: false };
  let bytes = 0;
  const attributes = [new AttributeSize(), new AttributeSize(), new AttributeSize()] as const;
  for (const record of records) {
    // Reading it would be in vain.
    if (cut.jobs.length >= limits.maxJobs) break;
    const job = readOrPoison(record, read, cut.poison);
    if (job) {
      // As the workflow carries it: JSON may write a number longer than the record did, and headers come along.
      bytes += Buffer.byteLength(JSON.stringify(job));
      attributes[0].add(job.id);
      attributes[1].add(job.pipeline);
      attributes[2].add(job.tenant);
      const full =
        bytes > limits.maxBytes || attributes.some((attribute) => attribute.bytes > ATTRIBUTE_MAX_BYTES);
      if (full && cut.jobs.length > 0) return { ...cut, isFull: true };
      cut.jobs.push(job);
    }
    cut.lastOffset = record.offset;
  }
  return { ...cut, isFull: cut.jobs.length >= limits.maxJobs || bytes >= limits.maxBytes };
}

function readOrPoison(record: QueueRecord, read: (record: QueueRecord) => PackJob, poison: Poison[]) {
  try {
    return read(record);
  } catch (error) {
    // Whatever a schema may throw on hostile input, the record is put aside rather than stopping the partition.
    const reason =
      error instanceof HeadwayError ? error : new HeadwayError('HW_JOB_INVALID', messageOf(error));
    poison.push({ record, error: reason });
    return undefined;
  }
}

/** Size of a keyword list as JSON: distinct values with quotes and commas. */
class AttributeSize {
  bytes = 2;
  private readonly seen = new Set<string>();

  add(value: string | undefined): void {
    if (value === undefined || this.seen.has(value)) return;
    this.seen.add(value);
    this.bytes += Buffer.byteLength(JSON.stringify(value)) + 1;
  }
}
