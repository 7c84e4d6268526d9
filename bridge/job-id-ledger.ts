import type { JobSource } from '../contracts/job-request';
import type { PackJob } from '../contracts/pack';
import type { Database } from '../pipelines/define-pipeline';

/** A job that is not to be worked on: another record was there before it. */
export interface DuplicateJob {
  job: PackJob;
  /** Where the first one came from, as `sourceText` writes it. */
  first: string;
}

export interface ClaimedJobs {
  /** Theirs is the id: in the order they were given. */
  own: PackJob[];
  duplicates: DuplicateJob[];
}

export interface JobIdLedger {
  /**
   * Claims the ids of jobs that are about to be started. The answer for a job is the same however often it is asked, until its
   * id is pruned: whoever redelivers a record gets its own claim back. When the promise resolves the claims are durable.
   *
   * @throws what the database says; claiming again is safe
   */
  claim(jobs: PackJob[]): Promise<ClaimedJobs>;
  /**
   * Claims nothing, which shows whether ids can be claimed at present.
   *
   * @throws what the database says
   */
  probe(): Promise<void>;
  /** Where the jobs came from that have these ids, as `sourceText` writes it. An id that nobody has is left out. */
  holders(ids: string[]): Promise<Map<string, string>>;
  /** Forgets up to `limit` ids that were claimed longer ago than this. Returns how many. */
  prune(olderThanMs: number, limit: number): Promise<number>;
}

/**
 * The ledger of job ids in PostgreSQL (`stack/postgres/migrations/002_job_ids.sql`): the first source that claims an id has it.
 * Ids are global, as they are in the results topic: two tenants with one id are one job.
 */
export function createJobIdLedger(database: Database): JobIdLedger {
  return {
    async claim(jobs) {
      // Within a pack the first one claims, as it would in two packs.
      const sources = new Map<string, string>();
      for (const { id, source } of jobs) if (!sources.has(id)) sources.set(id, sourceText(source));
      const owners = await claimAll(sources);
      const claimed: ClaimedJobs = { own: [], duplicates: [] };
      for (const job of jobs) {
        const first = owners.get(job.id) ?? '';
        if (first === sourceText(job.source)) claimed.own.push(job);
        else claimed.duplicates.push({ job, first });
      }
      return claimed;
    },
    async probe() {
      await database.query(CLAIM, [[], []]);
    },
    holders,
    async prune(olderThanMs, limit) {
      const rows = await database.query<{ job_id: string }>(PRUNE, [olderThanMs, limit]);
      return rows.length;
    },
  };

  async function claimAll(sources: Map<string, string>): Promise<Map<string, string>> {
    const owners = new Map<string, string>();
    while (owners.size < sources.size) {
      // In one order everywhere: two bridges that claim the same ids wait for each other, and never in a circle.
      const open = [...sources.keys()].filter((id) => !owners.has(id)).sort();
      const rows = await database.query<Row>(CLAIM, [open, open.map((id) => sources.get(id))]);
      for (const { job_id, source } of rows) owners.set(job_id, source);
      const taken = open.filter((id) => !owners.has(id));
      if (taken.length === 0) break;
      // A second statement, for it sees what was committed while the first one waited. An id that is in neither was pruned in
      // between, and is claimed once more.
      for (const [id, source] of await holders(taken)) owners.set(id, source);
    }
    return owners;
  }

  async function holders(ids: string[]): Promise<Map<string, string>> {
    const rows = await database.query<Row>(LOOK, [ids]);
    return new Map(rows.map(({ job_id, source }) => [job_id, source]));
  }
}

/** Released: stored claims are compared with it. The HTTP door tells its requests apart by their workflow ids. */
export function sourceText(source: JobSource): string {
  if (source.door === 'http') return 'http';
  return `${source.topic}:${source.partition}:${source.offset}:${source.timestamp}`;
}

interface Row extends Record<string, unknown> {
  job_id: string;
  source: string;
}

// Waits for a claim of the same id that is under way, until that is committed or given up.
const CLAIM = `
  insert into headway_job_ids (job_id, source)
  select * from unnest($1::text[], $2::text[])
  on conflict (job_id) do nothing
  returning job_id, source`;

const LOOK = 'select job_id, source from headway_job_ids where job_id = any($1::text[])';

// Several bridges prune side by side, each other rows.
const PRUNE = `
  delete from headway_job_ids where job_id in (
    select job_id from headway_job_ids
    where claimed_at < now() - $1::bigint * interval '1 millisecond'
    order by claimed_at limit $2 for update skip locked)
  returning job_id`;
