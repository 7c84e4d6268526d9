import { packWorkflowId } from '../../../contracts/ids';
import type { PackJob } from '../../../contracts/pack';
import { deadLetterHeaders } from '../../../contracts/headers';
import type { TerminalStatus } from '../../../contracts/job-result';
import { reconcile, type ReconcileOptions } from '../../../cli/audit/reconcile';
import type { AuditReport } from '../../../cli/audit/report';
import type { AuditSource } from '../../../cli/audit/source';
import type { FoundPack, FoundWorkflow, WorkflowLookup } from '../../../cli/audit/workflow-lookup';
import type { PartitionRange } from '../../../runtime/kafka/offsets';
import type { ReadMessage } from '../../../runtime/kafka/read-ranges';

export const TOPIC = 'jobs';
const T0 = 1_700_000_000_000;

interface Letter {
  value?: Buffer | null;
  code?: string;
  /** Milliseconds since 1970. */
  at?: number;
  earlier?: Record<string, string>;
}

/** A partition, its topics and its Temporal, without any server. Offset n has the timestamp `timestampOf(n)`. */
export class FakeWorld {
  readonly records = new Map<number, Buffer | null>();
  results: ReadMessage[] = [];
  deadLetters: ReadMessage[] = [];
  /** Where the audited range begins. */
  from = 0;
  committed = 0;
  deletedUnread: PartitionRange[] = [];
  packs: (FoundPack & { jobs: PackJob[]; hidden?: boolean })[] = [];
  jobs: (FoundWorkflow & { jobId: string; carried: PackJob[]; hidden?: boolean })[] = [];
  /** What happens while Temporal is asked. */
  meanwhile: () => void = () => undefined;
  asked: string[] = [];
  /** Job ids in running workflows that have nothing to do with the audited records. */
  runningElsewhere: string[] = [];
  resultsPolicy: string | undefined = 'delete';

  constructor(readonly end: number) {}

  /** A record with this job id, or without one. */
  record(offset: number, jobId?: string): void {
    this.records.set(offset, Buffer.from(JSON.stringify({ id: jobId, pipeline: 'p', input: {} })));
  }

  result(offset: number, status: TerminalStatus = 'completed', more: Record<string, unknown> = {}): void {
    const source = {
      door: 'kafka',
      topic: TOPIC,
      partition: 0,
      offset: String(offset),
      timestamp: timestampOf(offset),
    };
    const value = { id: this.jobId(offset), status, usage: { llmCalls: 1 }, source, ...more };
    this.results.push(message(this.results.length, Buffer.from(JSON.stringify(value))));
  }

  /** By default of the record there, and written when that was. `earlier`: headers the record had under our names. */
  deadLetter(offset: number, letter: Letter = {}): void {
    const { value = this.records.get(offset) ?? null, earlier = {} } = letter;
    const { code = 'HW_RECORD_NOT_JSON', at = timestampOf(offset) } = letter;
    const ours = {
      [deadLetterHeaders.topic]: TOPIC,
      [deadLetterHeaders.partition]: '0',
      [deadLetterHeaders.offset]: String(offset),
      [deadLetterHeaders.class]: code,
    };
    const headers = Object.fromEntries(
      Object.entries(ours).map(([name, text]) => {
        const values = [earlier[name] ?? [], text].flat().map((one) => Buffer.from(one));
        return [name, values.length === 1 ? values[0] : values];
      }),
    );
    this.deadLetters.push({ ...message(this.deadLetters.length, value, at), headers });
  }

  /** A pack with the jobs of these offsets. `hidden` from the visibility store. */
  pack(offsets: number[], status = 'RUNNING', hidden = false): FoundPack {
    const first = offsets[0] ?? 0;
    const pack = {
      workflowId: packWorkflowId(coordinates(first)),
      runId: `run-${first}`,
      status,
      startedAt: T0,
      closedAt: status === 'RUNNING' ? undefined : T0 + 1_000,
      firstOffset: first,
      lastOffset: offsets.at(-1) ?? 0,
      jobCount: offsets.length,
      jobs: offsets.map((offset) => this.packJob(offset)),
      hidden,
    };
    this.packs.push(pack);
    return pack;
  }

  /** The workflow of a job that left its pack: that of the record at `offset`, by default the first with this id. */
  job(workflowId: string, jobId = workflowId, status = 'RUNNING', hidden = false, offset?: number): void {
    const of = offset ?? [...this.records.keys()].find((one) => this.jobId(one) === jobId) ?? 0;
    this.jobs.push({
      carried: [this.packJob(of)],
      workflowId,
      runId: `run-${workflowId}`,
      status,
      startedAt: T0,
      closedAt: T0 + 2_000,
      jobId,
      hidden,
    });
  }

  async audit(options: Partial<ReconcileOptions> = {}): Promise<AuditReport> {
    const { report } = await reconcile({
      source: this.source(),
      lookup: this.lookup(),
      topic: TOPIC,
      group: 'group',
      jobIdsOnce: false,
      now: () => T0 + 60_000,
      ...options,
    });
    return report;
  }

  private packJob(offset: number): PackJob {
    const source = { door: 'kafka' as const, ...coordinates(offset) };
    return { id: this.jobId(offset), pipeline: 'p', input: {}, source };
  }

  private jobId(offset: number): string {
    const { id } = JSON.parse(this.records.get(offset)?.toString() ?? '{}') as { id?: string };
    const { topic, partition, timestamp } = coordinates(offset);
    return id ?? `${topic}:${partition}:${offset}:${timestamp}`;
  }

  private source(): AuditSource {
    let readResults = 0;
    let readDeadLetters = 0;
    const { committed, deletedUnread, from, end } = this;
    return {
      select: async () => ({
        ranges: [{ topic: TOPIC, partition: 0, from, to: end, committed }],
        deletedUnread,
        warnings: [],
      }),
      readQueue: async (ranges, onRecord) => {
        for (const { from, to } of ranges) {
          for (const [offset, value] of this.records) {
            if (from <= offset && offset < to) onRecord(0, message(offset, value, timestampOf(offset)));
          }
        }
      },
      readResults: async (onRecord) => {
        for (; readResults < this.results.length; readResults += 1) {
          onRecord(0, this.results[readResults] as ReadMessage);
        }
      },
      readDeadLetters: async (onRecord) => {
        for (; readDeadLetters < this.deadLetters.length; readDeadLetters += 1) {
          onRecord(0, this.deadLetters[readDeadLetters] as ReadMessage);
        }
      },
      results: async () => [],
      resultsPolicy: async () => this.resultsPolicy,
    };
  }

  private lookup(): WorkflowLookup {
    const { packs, jobs, asked, runningElsewhere } = this;
    const meanwhile = () => this.meanwhile();
    return {
      async *packs(_, from, to, only) {
        asked.push(only ?? 'all');
        meanwhile();
        for (const pack of packs) {
          if (pack.hidden || pack.firstOffset > to || pack.lastOffset < from) continue;
          if (only === undefined || pack.status === 'RUNNING') yield pack;
        }
      },
      pack: async (workflowId) => {
        asked.push(workflowId);
        return packs.find((pack) => pack.workflowId === workflowId);
      },
      async *openJobs() {
        for (const job of jobs) if (!job.hidden && job.status === 'RUNNING') yield job;
      },
      async *openJobIds() {
        for (const pack of packs) {
          if (!pack.hidden && pack.status === 'RUNNING') yield pack.jobs.map(({ id }) => id);
        }
        for (const job of jobs) if (!job.hidden && job.status === 'RUNNING') yield [job.jobId];
        yield runningElsewhere;
        meanwhile();
      },
      workflow: async (workflowId) => jobs.find((job) => job.workflowId === workflowId),
      jobsOf: async ({ workflowId }) =>
        packs.find((pack) => pack.workflowId === workflowId)?.jobs ??
        jobs.find((job) => job.workflowId === workflowId)?.carried,
    };
  }
}

/** Offsets 0 to `count - 1`, all handed over, with job ids `job-<offset>`. */
export function worldOf(count: number): FakeWorld {
  const world = new FakeWorld(count);
  for (let offset = 0; offset < count; offset += 1) world.record(offset, `job-${offset}`);
  world.committed = count;
  return world;
}

export function timestampOf(offset: number): number {
  return T0 + offset;
}

function coordinates(offset: number) {
  return { topic: TOPIC, partition: 0, offset: String(offset), timestamp: timestampOf(offset) };
}

export function message(offset: number, value: Buffer | null = null, timestamp = T0): ReadMessage {
  return {
    offset: String(offset),
    value,
    timestamp: String(timestamp),
    key: null,
    headers: {},
  };
}
