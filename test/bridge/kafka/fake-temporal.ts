import type { ExistingPacks } from '../../../bridge/kafka/existing-packs';
import { createClaimJobIds } from '../../../bridge/kafka/claim-job-ids';
import { createHandOver, type HandOver } from '../../../bridge/kafka/hand-over';
import type { PackLimits } from '../../../bridge/kafka/cut-pack';
import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { StandsStill, type UntilDone } from '../../../bridge/kafka/until-done';
import { sourceText, type JobIdLedger } from '../../../bridge/job-id-ledger';
import type { PackToStart, StartedPack } from '../../../bridge/start-pack';
import { packWorkflowId } from '../../../contracts/ids';
import type { PackJob } from '../../../contracts/pack';
import { readSimply, silent } from './support';

/** Temporal and the dead-letter topic as far as the hand-over sees them: everything in here is durable. */
export class FakeTemporal {
  readonly packs = new Map<string, { offsets: number[]; first: bigint; last: bigint }>();
  readonly deadLetters: number[] = [];

  start({ workflowId, jobs, range }: PackToStart): StartedPack {
    const existing = this.packs.get(workflowId);
    if (existing) return { kind: 'exists', lastOffset: existing.last };
    if (!range) throw new Error('a pack from Kafka has a range');
    const offsets = jobs.map(({ source }) => (source.door === 'kafka' ? Number(source.offset) : -1));
    this.packs.set(workflowId, { offsets, first: range.firstOffset, last: range.lastOffset });
    return { kind: 'started', runId: '' };
  }

  findExisting(records: QueueRecord[]): ExistingPacks {
    const from = records[0]?.offset ?? 0n;
    const to = records.at(-1)?.offset ?? 0n;
    const packs = [...this.packs]
      .filter(([, { first, last }]) => first <= to && last >= from)
      .filter(([workflowId, { first }]) => {
        const record = records.find(({ offset }) => offset === first);
        return !record || workflowId === packWorkflowId({ ...record, offset: String(record.offset) });
      })
      .map(([workflowId, { first, last }]) => ({ workflowId, firstOffset: first, lastOffset: last }))
      .sort((a, b) => Number(a.firstOffset - b.firstOffset));
    return { packs, more: [...this.packs.values()].some(({ last }) => last >= from) };
  }

  /** Offsets of all jobs in packs, sorted; one that is in two packs is in here twice. */
  jobs(): number[] {
    return [...this.packs.values()].flatMap((pack) => pack.offsets).sort((a, b) => a - b);
  }

  /** What an offset of the group must not pass: the first record that is neither in a workflow nor a dead letter. */
  firstNotDurable(records: QueueRecord[]): bigint {
    const durable = new Set([...this.jobs(), ...this.deadLetters]);
    return (
      records.find(({ offset }) => !durable.has(Number(offset)))?.offset ??
      (records.at(-1)?.offset ?? -1n) + 1n
    );
  }
}

/** The ledger of job ids: what is in here is durable. */
export class FakeLedger implements Pick<JobIdLedger, 'claim'> {
  readonly owners = new Map<string, string>();

  claim: JobIdLedger['claim'] = (jobs) => {
    for (const { id, source } of jobs) if (!this.owners.has(id)) this.owners.set(id, sourceText(source));
    const isOwn = ({ id, source }: PackJob) => this.owners.get(id) === sourceText(source);
    const duplicates = jobs
      .filter((job) => !isOwn(job))
      .map((job) => ({ job, first: this.owners.get(job.id) ?? '' }));
    return Promise.resolve({ own: jobs.filter(isOwn), duplicates });
  };
}

export interface FakeBridgeOptions {
  temporal: FakeTemporal;
  ledger?: FakeLedger;
  readRecord?: (record: QueueRecord) => PackJob;
  limits?: Partial<PackLimits>;
  /** Default: 0. */
  lingerMs?: number;
  /** Until a start gets its turn. */
  beforeTurn?: () => Promise<void> | void;
  /** Before a pack is started, and after; may wait or throw `Away`. */
  beforeStart?: (pack: PackToStart) => Promise<void> | void;
  afterStart?: () => Promise<void> | void;
  beforeDeadLetters?: () => Promise<void> | void;
  beforeFind?: () => Promise<void> | void;
  /** Before ids are claimed, and after; may wait or throw `Away`. */
  beforeClaim?: () => Promise<void> | void;
  afterClaim?: () => Promise<void> | void;
  onCommit?: (next: bigint) => void;
}

export interface FakeBridge {
  handOver: HandOver;
  /** Every watermark of partition 0, in order. */
  watermarks: bigint[];
}

/** What a server that is away causes. Anything else is a mistake, of the code or of the test, and ends the batch. */
export class Away extends Error {
  constructor(message = 'connection refused') {
    super(message);
  }
}

/** Tries again at once, as long as the partition is held, and without end unless there is no patience at all. */
export const withoutDelay: UntilDone = async (what, held, work, patience) => {
  while (held()) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Away)) throw error;
      if (patience?.ms === 0 && patience.isOwn(error)) throw new StandsStill(what);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return undefined;
};

/** A hand-over whose outside world is in this process. */
export function openBridge(options: FakeBridgeOptions): FakeBridge {
  const { temporal, ledger } = options;
  const watermarks: bigint[] = [];
  const handOver = createHandOver({
    requests: {
      async startPack(pack, isWanted) {
        await options.beforeTurn?.();
        if (!isWanted()) return undefined;
        await options.beforeStart?.(pack);
        const started = temporal.start(pack);
        await options.afterStart?.();
        return started;
      },
      async findExistingPacks(records) {
        await options.beforeFind?.();
        return temporal.findExisting(records);
      },
      async sendDeadLetters(poison) {
        await options.beforeDeadLetters?.();
        temporal.deadLetters.push(...poison.map(({ record }) => Number(record.offset)));
        return poison;
      },
      forget: () => undefined,
    },
    readRecord: options.readRecord ?? readSimply,
    claimJobIds:
      ledger &&
      createClaimJobIds({
        async claim(jobs) {
          await options.beforeClaim?.();
          const claimed = await ledger.claim(jobs);
          await options.afterClaim?.();
          return claimed;
        },
        untilDone: withoutDelay,
        logger: silent,
      }),
    committer: {
      durable(partition, next) {
        if (partition !== 0) return;
        watermarks.push(next);
        options.onCommit?.(next);
      },
      flush: async () => undefined,
      forget: () => undefined,
    },
    limits: { maxJobs: 50, maxBytes: 524_288, ...options.limits },
    lingerMs: options.lingerMs ?? 0,
    untilDone: withoutDelay,
    logger: silent,
  });
  return { handOver, watermarks };
}
