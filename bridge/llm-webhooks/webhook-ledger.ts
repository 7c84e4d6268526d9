import type { Database } from '../../pipelines/define-pipeline';

/** Where the HTTP door writes down which LLM calls have ended, for the workers to read. All methods throw what the database says. */
export interface WebhookLedger {
  /** Writes down that a webhook named this call. False when one had named it before. */
  write(callId: string): Promise<boolean>;
  /** Forgets up to `limit` of those that came longer ago than this. Returns how many. */
  prune(olderThanMs: number, limit: number): Promise<number>;
  /** How long ago the newest came, in milliseconds; undefined when there is none. */
  newestAgeMs(): Promise<number | undefined>;
}

/** In PostgreSQL (`stack/postgres/migrations/005_llm_webhooks.sql`). */
export function createWebhookLedger(database: Database): WebhookLedger {
  return {
    async write(callId) {
      const rows = await database.query(WRITE, [callId]);
      return rows.length > 0;
    },
    async prune(olderThanMs, limit) {
      const rows = await database.query(PRUNE, [olderThanMs, limit]);
      return rows.length;
    },
    async newestAgeMs() {
      const [row] = await database.query<{ age_ms: number }>(NEWEST);
      return row?.age_ms;
    },
  };
}

// A sender may repeat itself for days: that moves no number, and costs one look at an index.
const WRITE = `
  insert into headway_llm_webhooks (call_id)
  select $1 where not exists (select from headway_llm_webhooks where call_id = $1)
  on conflict do nothing returning call_id`;

// The oldest numbers are the oldest rows, or nearly so; without looking further than them.
const PRUNE = `
  with oldest as (
    select call_id, received_at from headway_llm_webhooks order by sequence limit $2 for update skip locked
  )
  delete from headway_llm_webhooks h using oldest
  where h.call_id = oldest.call_id and oldest.received_at < clock_timestamp() - $1::bigint * interval '1 millisecond'
  returning h.call_id`;

const NEWEST = `
  select extract(epoch from clock_timestamp() - received_at)::float8 * 1000 as age_ms
  from headway_llm_webhooks order by sequence desc limit 1`;
