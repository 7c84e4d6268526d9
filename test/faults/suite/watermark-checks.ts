/** A record of the queue topic. */
export interface SeenRecord {
  partition: number;
  offset: number;
  /** Milliseconds since 1970, as all times here. */
  timestamp: number;
  /** Only where jobs with an id that came before are left out (`JOB_ID_DEDUPE=ledger`). */
  jobId?: string;
}

export interface Violation {
  partition: number;
  offset: number;
  why: string;
}

/** A record behind which the group has committed, and of which it is not known yet that it was safe by then. */
export interface PendingRecord extends SeenRecord {
  /** When a commit first covered it. */
  committedAt: number;
  /** Of the clock that is given to `expire`. */
  since: number;
}

interface Proof {
  at: number;
  what: string;
}

/** Kafka cuts off what is below a millisecond. More would hide a bridge that commits just before it starts. */
const CLOCK_MS = 5;

/**
 * The bookkeeping of the watermark monitor: which records a commit has passed, and what shows that each was in a started workflow or
 * a dead letter by then. What it is told may come in any order; only the commits have to come in theirs.
 */
export class WatermarkChecks {
  verified = 0;
  readonly violations: Violation[] = [];
  /** Longest time from a commit until the proof was here. */
  slowestProofMs = 0;
  private readonly partitions = new Map<number, PartitionState>();
  private readonly waiting = new Map<string, PendingRecord>();
  private readonly held = new Map<string, Proof>();
  private readonly deadLetters = new Map<string, number[]>();
  /** By job id the records that are in workflows. */
  private readonly holders = new Map<string, Set<string>>();
  private clock = 0;
  /** Of topics that are no more. */
  private readonly former: Map<number, PartitionState>[] = [];
  /** Records that a commit had passed, and that were not looked at when their topic went. */
  private outOfSight = 0;

  constructor(private readonly now: () => number = Date.now) {}

  record(record: SeenRecord): void {
    this.partition(record.partition).records.set(record.offset, record);
  }

  /** All records before `next` have been given to `record`. */
  readTo(partition: number, next: number): void {
    this.partition(partition).readTo = next;
    this.advance(partition);
  }

  /** At this time the group had committed `to`: everything before it. */
  committed(partition: number, to: number, at: number): void {
    const state = this.partition(partition);
    state.committed = to;
    // The same one again, with none of its records there: it may come to count for records that are not written yet.
    if (state.commits.length > 1 && state.commits.slice(-2).every((commit) => commit.to === to))
      state.commits.pop();
    state.commits.push({ to, at });
    this.advance(partition);
  }

  /** A workflow that was started at this time has the record as a job. */
  inWorkflow(record: SeenRecord, startedAt: number, workflowId: string): void {
    const key = keyOf(record);
    const known = this.held.get(key);
    if (!known || startedAt < known.at)
      this.held.set(key, { at: startedAt, what: `workflow ${workflowId} started` });
    if (record.jobId !== undefined)
      this.holders.set(record.jobId, (this.holders.get(record.jobId) ?? new Set()).add(key));
    const pending = this.waiting.get(key);
    if (pending) this.settle(pending);
  }

  deadLetter(partition: number, offset: number, at: number): void {
    const times = this.deadLetters.get(`${partition}:${offset}`) ?? [];
    times.push(at);
    this.deadLetters.set(`${partition}:${offset}`, times);
    for (const pending of this.waiting.values())
      if (pending.partition === partition && pending.offset === offset) this.settle(pending);
  }

  /** Offsets start over. What is pending stays so; and what is unread, since it cannot be read any more. */
  topicMadeAnew(allRead: boolean): void {
    this.outOfSight = this.unread(allRead);
    this.former.push(new Map(this.partitions));
    this.partitions.clear();
  }

  pending(): PendingRecord[] {
    return [...this.waiting.values()];
  }

  /**
   * Records behind the last commit that were not looked at: not read yet, unless everything is, or with a timestamp in the future.
   */
  unread(allRead: boolean): number {
    let count = this.outOfSight;
    for (const { next, committed, readTo } of this.partitions.values())
      count += Math.max(0, (allRead ? Math.min(committed, readTo) : committed) - next);
    return count;
  }

  /** Tells the time, in milliseconds of Kafka and Temporal being there; those that wait for a proof for longer than `patienceMs`. */
  expired(clock: number, patienceMs: number): PendingRecord[] {
    this.clock = clock;
    const all = this.pending();
    // The first record with an id may have come to light later than its duplicate.
    for (const pending of all) if (pending.jobId !== undefined) this.settle(pending);
    return all.filter((pending) => this.waiting.has(keyOf(pending)) && clock - pending.since > patienceMs);
  }

  /** Nothing will come that could still prove it. */
  fail(pending: PendingRecord): Violation | undefined {
    if (!this.waiting.delete(keyOf(pending))) return undefined;
    const { partition, offset, committedAt } = pending;
    const [late] = this.proofs(pending);
    const when = new Date(committedAt).toISOString();
    const why = late
      ? `committed at ${when}, ${Math.ceil(late.at - committedAt)} ms before ${late.what}`
      : `committed at ${when}, and it is neither in a workflow nor a dead letter`;
    const violation = { partition, offset, why };
    this.violations.push(violation);
    return violation;
  }

  /** Records of the partition up to this one, nearest first: one of them begins the pack that covers it. */
  recordsBefore({ partition, offset, timestamp }: SeenRecord, count: number): SeenRecord[] {
    const topics = [this.partitions, ...this.former].map((topic) => topic.get(partition)?.records);
    const records = topics.find((topic) => topic?.get(offset)?.timestamp === timestamp);
    const found: SeenRecord[] = [];
    for (let at = offset; at >= 0 && at > offset - 2 * count && found.length < count; at--) {
      const record = records?.get(at);
      if (record) found.push(record);
    }
    return found;
  }

  /** Goes through the commits in their order, as far as records are read. */
  private advance(partition: number): void {
    const state = this.partition(partition);
    for (let [commit] = state.commits; commit; [commit] = state.commits) {
      const stale = this.cover(state, commit);
      if (!stale && state.next < commit.to) return;
      state.commits.shift();
    }
  }

  /** True when the commit is older than a record it seems to cover: it is one of an earlier topic, or came before its time. */
  private cover(state: PartitionState, commit: Commit): boolean {
    for (; state.next < Math.min(commit.to, state.readTo); state.next++) {
      const record = state.records.get(state.next);
      if (!record) continue;
      if (record.timestamp > commit.at) return true;
      const pending = { ...record, committedAt: commit.at, since: this.clock };
      this.waiting.set(keyOf(record), pending);
      this.settle(pending);
    }
    return false;
  }

  private settle(pending: PendingRecord): void {
    const proven = this.proofs(pending).some(({ at }) => at <= pending.committedAt + CLOCK_MS);
    if (!proven && !this.isDuplicate(pending)) return;
    this.waiting.delete(keyOf(pending));
    this.verified += 1;
    this.slowestProofMs = Math.max(this.slowestProofMs, this.now() - pending.committedAt);
  }

  /**
   * Another record has claimed its id before, and may start the job later than this one is passed. One that is in a workflow itself was
   * not left out.
   */
  private isDuplicate(pending: PendingRecord): boolean {
    const key = keyOf(pending);
    if (pending.jobId === undefined || this.held.has(key)) return false;
    return [...(this.holders.get(pending.jobId) ?? [])].some((holder) => holder !== key);
  }

  /** Earliest first. */
  private proofs(record: SeenRecord): Proof[] {
    const { partition, offset, timestamp } = record;
    const held = this.held.get(keyOf(record));
    // One that is older than the record is of an earlier topic.
    const letters = (this.deadLetters.get(`${partition}:${offset}`) ?? []).filter(
      (at) => at >= timestamp - CLOCK_MS,
    );
    const proofs = letters.map((at): Proof => ({ at, what: 'it became a dead letter' }));
    return [...(held ? [held] : []), ...proofs].sort((a, b) => a.at - b.at);
  }

  private partition(partition: number): PartitionState {
    let state = this.partitions.get(partition);
    if (!state)
      this.partitions.set(
        partition,
        (state = { records: new Map(), readTo: 0, next: 0, committed: 0, commits: [] }),
      );
    return state;
  }
}

interface Commit {
  to: number;
  at: number;
}

interface PartitionState {
  records: Map<number, SeenRecord>;
  readTo: number;
  /** Everything before it is verified, pending or a violation. */
  next: number;
  /** As it was told last. */
  committed: number;
  /** Those that are not gone through. */
  commits: Commit[];
}

function keyOf({ partition, offset, timestamp }: SeenRecord): string {
  return `${partition}:${offset}:${timestamp}`;
}
