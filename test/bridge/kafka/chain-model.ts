import { createJobIdLedger } from '../../../bridge/job-id-ledger';
import { createClaimJobIds } from '../../../bridge/kafka/claim-job-ids';
import { createFindExistingPacks } from '../../../bridge/kafka/existing-packs';
import { createHandOver } from '../../../bridge/kafka/hand-over';
import { TakesLong } from '../../../bridge/kafka/own-trouble';
import type { QueueRecord } from '../../../bridge/kafka/queue-record';
import { createRequests } from '../../../bridge/kafka/requests';
import { StandsStill, type UntilDone } from '../../../bridge/kafka/until-done';
import type { PackToStart, StartedPack } from '../../../bridge/start-pack';
import { HeadwayError } from '../../../contracts/errors';
import { jobIdOf } from '../../../contracts/ids';
import type { PackJob } from '../../../contracts/pack';
import { createChainClient, type Pack } from './chain-client';
import { queueRecord, readSimply, silent } from './support';

/**
 * What a record is: never a job, a job only for bridges of the second version, or a job; its id, or none of its own.
 */
export interface RecordPlan {
  kind: 'poison' | 'late' | 'job';
  id?: string;
}

/** What becomes of one request to the outside. A bridge that dies is never heard of again, but its request may arrive. */
export type Fate =
  | 'done'
  | 'refused'
  | 'answer lost'
  | 'dies before'
  | 'dies after'
  | 'loses the partition'
  /** Of those that are let go then: the request goes on, and its answer may come when the partition is read again. */
  | 'takes long';

/** The next request that can be let go is. What stands for `runtime/within.ts` in these tests asks. */
export const lettingGo = { next: false, ms: 1 };

/** One bridge, from the assignment of a partition until it dies, loses it, or has read what it reads. */
export interface Life {
  partition: number;
  maxJobs: number;
  /** How many records each fetch brings. */
  fetches: number[];
  /** Of its requests, one after the other; behind the last one all are done. */
  fates: Fate[];
  /** Which of its commits get through; behind the last one all do. */
  commits: boolean[];
  /** Whether its packs go through the payload store. */
  stored: boolean;
  /** How often it is asked whether to pause before it says yes, once. */
  pausesAfter: number;
}

/** Lets something else happen first, or not. */
export type Turn = (what: string) => Promise<unknown>;

/** What a server that is away causes. */
class Trouble extends Error {}

/** Kafka, Temporal and the ledger: everything in here is durable. The first promise that is broken throws. */
export class ChainModel {
  readonly log: QueueRecord[][] = [];
  readonly committed: bigint[] = [];
  readonly packs = new Map<string, Pack>();
  readonly deadLetters = new Set<string>();
  /** Records that were left out as duplicates. */
  readonly skipped = new Set<string>();
  readonly ledger = new Map<string, string>();
  /** Ids that were forgotten at least once: their jobs may be done again. */
  readonly forgotten = new Set<string>();
  /** Of the bridges started from now on. */
  version = 1;
  private readonly plans = new Map<string, RecordPlan>();
  /** Every record there ever was: the topics may have been made anew. */
  private readonly all: QueueRecord[] = [];
  private incarnation = 0;
  private readonly inPacks = new Map<string, string>();
  private broken: Error | undefined;

  constructor(
    partitions: RecordPlan[][],
    private readonly withLedger: boolean,
    private readonly turn: Turn,
  ) {
    partitions.forEach((plans, partition) => this.makeTopic(partition, plans));
  }

  /** The records of a partition, beginning anew at offset 0. */
  makeTopic(partition: number, plans: RecordPlan[]): void {
    this.incarnation += 1;
    this.log[partition] = plans.map((plan, offset) => {
      const record = queueRecord(offset, { partition, timestamp: this.incarnation * 1_000_000 + offset });
      this.plans.set(keyOf(record), plan);
      this.all.push(record);
      return record;
    });
    this.committed[partition] = 0n;
  }

  /** Nothing is under way any more. */
  settle(): void {
    for (const pack of this.packs.values()) pack.visible = true;
  }

  prune(): void {
    for (const id of this.ledger.keys()) this.forgotten.add(id);
    this.ledger.clear();
  }

  async live(life: Life): Promise<void> {
    const { partition, maxJobs } = life;
    const fates = [...life.fates];
    const commits = [...life.commits];
    let asked = 0;
    let held = true;
    let die!: () => void;
    const death = new Promise<void>((resolve) => (die = resolve));
    const gone = () => {
      die();
      return new Promise<never>(() => undefined);
    };
    const request = async <T>(what: string, effect: () => T, canBeLetGo = false): Promise<T> => {
      const fate = fates.shift() ?? 'done';
      // In the same step: whoever asks waits for it next.
      if (fate === 'takes long' && canBeLetGo) lettingGo.next = true;
      await this.turn(`${what}: ${fate}`);
      if (fate === 'dies before') return await gone();
      if (fate === 'refused') throw new Trouble('connection refused');
      const answer = effect();
      if (fate === 'dies after') return await gone();
      await this.turn(`${what}: answer`);
      if (fate === 'answer lost') throw new Trouble('deadline exceeded');
      if (fate === 'loses the partition') held = false;
      return answer;
    };
    const untilDone: UntilDone = async (what, isHeld, work, patience) => {
      while (isHeld()) {
        try {
          return await work();
        } catch (error) {
          // Anything else is a mistake, and trying again would never end.
          if (this.broken || !(error instanceof Trouble || error instanceof TakesLong)) throw error;
          if (patience?.ms === 0 && patience.isOwn(error)) throw new StandsStill(what);
        }
      }
      return undefined;
    };
    const ledger = createJobIdLedger({
      query: (sql, parameters) =>
        request('ledger', () => this.query(sql, parameters as [string[], string[]])) as never,
    });
    const version = this.version;
    const handOver = createHandOver({
      requests: createRequests({
        startPack: (pack) => request(`start ${pack.workflowId}`, () => this.start(pack)),
        startStoredPack: (pack) => request(`start ${pack.workflowId}`, () => this.start(pack), true),
        isStored: () => life.stored,
        findExistingPacks: createFindExistingPacks(createChainClient(this.packs, request)),
        sendDeadLetters: (poison) => {
          const write = () => poison.forEach(({ record }) => this.deadLetters.add(keyOf(record)));
          return request('dead letters', write, true);
        },
        stopping: new AbortController().signal,
        concurrency: 2,
        limits: { firstMs: lettingGo.ms, againMs: lettingGo.ms },
      }),
      readRecord: (record) => this.read(record, version),
      claimJobIds: this.withLedger
        ? createClaimJobIds({ claim: this.watched(ledger).claim, untilDone, logger: silent })
        : undefined,
      committer: {
        durable: (_, next) => {
          this.checkWatermark(partition, next);
          if (commits.shift() ?? true) this.committed[partition] = next;
        },
        flush: async () => undefined,
        forget: () => undefined,
      },
      limits: { maxJobs, maxBytes: 524_288 },
      lingerMs: 0,
      untilDone,
      logger: silent,
    });
    const reading = (async () => {
      let position = this.committed[partition] ?? 0n;
      for (const count of life.fetches) {
        const records = (this.log[partition] ?? [])
          .filter(({ offset }) => offset >= position)
          .slice(0, count);
        if (records.length === 0 || !held) return;
        const paused = () => asked++ === life.pausesAfter;
        position = await handOver.batch({
          partition,
          records,
          behind: 0,
          owned: () => held,
          held: () => held,
          paused,
          // What is set aside comes again.
          patienceMs: () => (maxJobs % 2 === 0 ? 0 : 5_000),
          progressed: () => undefined,
          rest: () => Promise.resolve(),
          setAside: () => undefined,
        });
      }
    })();
    await Promise.race([reading, death]);
    if (this.broken) throw this.broken;
  }

  /** Without trouble, until everything is read. */
  async drain(partition: number, maxJobs: number): Promise<void> {
    const calm = { fates: [], commits: [], pausesAfter: -1, stored: false };
    const fetches = this.log.flat().map(() => 7);
    await this.live({ partition, maxJobs, fetches, ...calm });
    const end = BigInt(this.log[partition]?.length ?? 0);
    if (this.committed[partition] !== end)
      this.break(`stands still at ${this.committed[partition]} of ${end}`);
  }

  /** What has to be true when everything is read. */
  check(): void {
    // By a request that nobody waited for.
    if (this.broken) throw this.broken;
    const done = new Map<string, number>();
    for (const record of this.all) {
      const key = keyOf(record);
      const { kind } = this.planOf(record);
      if (!this.isDurable(record)) this.break(`${key} is lost`);
      if (kind === 'job' && this.deadLetters.has(key)) this.break(`${key} is a dead letter, and a job`);
      if (kind === 'poison' && this.inPacks.has(key)) this.break(`${key} can be no job, and is in a pack`);
      if (kind === 'poison') continue;
      const id = this.idOf(record);
      const already = done.get(id) ?? 0;
      done.set(id, already + (this.inPacks.has(key) ? 1 : 0));
      // One that was dead-lettered by the first version is for a person to send again.
      if (kind === 'late' && this.deadLetters.has(key) && !done.get(id)) done.delete(id);
    }
    for (const [id, times] of done) {
      const isForgotten = this.forgotten.has(id);
      if (this.withLedger && times === 0) this.break(`job id ${id} was never worked on`);
      if (this.withLedger && times > 1 && !isForgotten)
        this.break(`job id ${id} was worked on ${times} times`);
    }
  }

  private isDurable(record: QueueRecord): boolean {
    const key = keyOf(record);
    return this.inPacks.has(key) || this.deadLetters.has(key) || this.skipped.has(key);
  }

  private checkWatermark(partition: number, next: bigint): void {
    const missing = (this.log[partition] ?? []).find(
      (record) => record.offset < next && !this.isDurable(record),
    );
    if (missing) this.break(`${next} was committed, but ${keyOf(missing)} is not durable`);
  }

  private start({ workflowId, jobs, range }: PackToStart): StartedPack {
    const existing = this.packs.get(workflowId);
    if (existing) return { kind: 'exists', lastOffset: existing.last };
    if (!range) throw new Error('a pack from Kafka has a range');
    for (const { source } of jobs) {
      if (source.door !== 'kafka') continue;
      const key = `${source.partition}:${source.offset}:${source.timestamp}`;
      const before = this.inPacks.get(key);
      if (before) this.break(`${key} is in ${before} and in ${workflowId}`);
      this.inPacks.set(key, workflowId);
    }
    const partition = Number(range.partition.split('-').at(-1));
    const pack = { partition, jobs, first: range.firstOffset, last: range.lastOffset, visible: false };
    this.packs.set(workflowId, pack);
    void this.turn(`${workflowId} becomes visible`).then(() => (pack.visible = true));
    return { kind: 'started', runId: '' };
  }

  private read(record: QueueRecord, version: number): PackJob {
    const { kind } = this.planOf(record);
    if (kind === 'poison' || (kind === 'late' && version === 1))
      throw new HeadwayError('HW_JOB_INVALID', kind);
    return { ...readSimply(record), id: this.idOf(record) };
  }

  private planOf(record: QueueRecord): RecordPlan {
    return this.plans.get(keyOf(record)) ?? { kind: 'poison' };
  }

  private idOf(record: QueueRecord): string {
    return this.planOf(record).id ?? jobIdOf({ ...record, offset: String(record.offset) });
  }

  /** PostgreSQL, as far as the ledger speaks to it. */
  private query(sql: string, [ids, sources]: [string[], string[]]) {
    const row = (id: string) => ({ job_id: id, source: this.ledger.get(id) ?? '' });
    if (/^select/i.test(sql.trim())) return ids.filter((id) => this.ledger.has(id)).map(row);
    if (!/on conflict \(job_id\) do nothing\s+returning/i.test(sql))
      throw new Error(`no such statement: ${sql}`);
    const fresh = ids.filter((id) => !this.ledger.has(id));
    fresh.forEach((id) => this.ledger.set(id, sources[ids.indexOf(id)] ?? ''));
    return fresh.map(row);
  }

  private watched(ledger: ReturnType<typeof createJobIdLedger>) {
    return {
      claim: async (jobs: PackJob[]) => {
        const claimed = await ledger.claim(jobs);
        for (const { job } of claimed.duplicates) {
          if (job.source.door !== 'kafka') continue;
          const { partition, offset, timestamp } = job.source;
          this.skipped.add(`${partition}:${offset}:${timestamp}`);
        }
        return claimed;
      },
    };
  }

  private break(what: string): never {
    this.broken ??= new Error(what);
    throw this.broken;
  }
}

function keyOf({ partition, offset, timestamp }: QueueRecord): string {
  return `${partition}:${offset}:${timestamp}`;
}
