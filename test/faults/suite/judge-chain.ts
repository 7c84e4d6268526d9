import { packWorkflowId } from '../../../contracts/ids';
import type { DeadLetterPlace } from './dead-letter-place';

export interface ChainRecord {
  partition: number;
  offset: number;
  /** Milliseconds since 1970. */
  timestamp: number;
  /** Only where jobs with an id that came before are left out. */
  jobId?: string;
}

/** A pack with the jobs its history holds. */
export interface ChainPack {
  workflowId: string;
  lastOffset: number;
  jobs: (ChainRecord & { jobId: string })[];
}

export interface ChainMaterial {
  queue: string;
  /** All there are. */
  records: readonly ChainRecord[];
  /** Those of earlier topics of the same name among them. */
  packs: readonly ChainPack[];
  deadLetters: readonly DeadLetterPlace[];
  /** With `JOB_ID_DEDUPE=ledger`: of several records with one job id only one is in a pack. Default: false. */
  jobIdsOnce?: boolean;
}

export interface ChainReport {
  packs: number;
  /** Of the topic as it is now. */
  records: number;
  inPacks: number;
  deadLettered: number;
  /** Records left out since a pack has another one with their job id. */
  duplicates: number;
  /** Records that are in no pack, nor explained otherwise. */
  missing: number;
  /** One sentence for each record or pack that breaks the chain. */
  problems: string[];
}

/**
 * Whether each record is a job in exactly one pack or is a dead letter, and whether the ranges of packs touch without overlapping. Of
 * an earlier topic, whose records are gone, only that no record was in two packs.
 */
export function judgeChain(material: ChainMaterial): ChainReport {
  const { queue, records, packs, deadLetters, jobIdsOnce = false } = material;
  const problems = packs.flatMap((pack) => flawOf(queue, pack));
  const holders = new Map<string, string[]>();
  const byJobId = new Map<string, Set<string>>();
  for (const { workflowId, jobs } of packs) {
    for (const job of jobs) {
      holders.set(keyOf(job), [...(holders.get(keyOf(job)) ?? []), workflowId]);
      byJobId.set(job.jobId, (byJobId.get(job.jobId) ?? new Set()).add(keyOf(job)));
    }
  }
  for (const [key, ids] of holders)
    if (ids.length > 1) problems.push(`record ${key} is a job in ${ids.join(' and ')}`);
  for (const [id, keys] of jobIdsOnce ? byJobId : [])
    if (keys.size > 1)
      problems.push(`records ${[...keys].join(' and ')} have the job id ${id}, and both are in packs`);
  problems.push(...overlaps(records, packs));

  const letters = new Map<string, number>();
  for (const { partition, offset, at } of deadLetters)
    letters.set(`${partition}:${offset}`, Math.max(at, letters.get(`${partition}:${offset}`) ?? 0));
  const report = { inPacks: 0, deadLettered: 0, duplicates: 0, missing: 0 };
  for (const record of records) {
    const isHeld = holders.has(keyOf(record));
    // An older one is of an earlier topic.
    const isDeadLetter = (letters.get(`${record.partition}:${record.offset}`) ?? -1) >= record.timestamp;
    if (isHeld && isDeadLetter) problems.push(`record ${keyOf(record)} is in a pack, and a dead letter too`);
    if (isHeld) report.inPacks += 1;
    else if (isDeadLetter) report.deadLettered += 1;
    else if (record.jobId !== undefined && byJobId.has(record.jobId)) report.duplicates += 1;
    else {
      report.missing += 1;
      problems.push(`record ${keyOf(record)} is in no pack, and no dead letter`);
    }
  }
  return { packs: packs.length, records: records.length, ...report, problems };
}

/** A pack is named after its first job, and covers all of them, in order. */
function flawOf(queue: string, { workflowId, lastOffset, jobs }: ChainPack): string[] {
  const [first] = jobs;
  if (!first) return [`${workflowId} has no jobs`];
  const { partition, offset, timestamp } = first;
  const flaws: string[] = [];
  if (workflowId !== packWorkflowId({ topic: queue, partition, offset: String(offset), timestamp }))
    flaws.push(`${workflowId} is not named after its first job, ${keyOf(first)}`);
  const inOrder = jobs.every((job, index) => index === 0 || job.offset > (jobs[index - 1]?.offset ?? 0));
  if (!inOrder || jobs.some((job) => job.partition !== partition || job.offset > lastOffset))
    flaws.push(`${workflowId} has jobs out of order, or beyond its end at ${lastOffset}`);
  return flaws;
}

/** Packs of the topic as it is now that cover the same offset. */
function overlaps(records: readonly ChainRecord[], packs: readonly ChainPack[]): string[] {
  const present = new Set(records.map(keyOf));
  const ranges = packs
    .flatMap(({ workflowId, lastOffset, jobs: [first] }) => {
      if (!first || !present.has(keyOf(first))) return [];
      return [{ workflowId, partition: first.partition, from: first.offset, to: lastOffset }];
    })
    .sort((a, b) => a.partition - b.partition || a.from - b.from);
  return ranges.flatMap((range, index) => {
    const before = ranges[index - 1];
    if (before?.partition !== range.partition || before.to < range.from) return [];
    return [`${before.workflowId} ends at ${before.to}, and ${range.workflowId} begins at ${range.from}`];
  });
}

/** `<partition>:<offset>:<timestamp>` */
function keyOf({ partition, offset, timestamp }: ChainRecord): string {
  return `${partition}:${offset}:${timestamp}`;
}
