import type { Database } from '../../../pipelines/define-pipeline';

/** A call of which a webhook said that it has ended. */
export interface NamedCall {
  callId: string;
  /** Grows in the order in which the rows were begun; they become visible in any order. */
  sequence: number;
  /** How long ago its webhook came, in milliseconds of the database's clock. */
  ageMs: number;
}

/** What the HTTP door wrote down. Both methods throw what the database says. */
export interface WebhookStore {
  /** The newest `limit` that are at most `maxAgeMs` old, and the newest of all however old it is; in the order of their numbers. */
  newest(maxAgeMs: number, limit: number): Promise<NamedCall[]>;
  /** The first `limit` behind the number `sequence`, and those of the numbers `missing` that have appeared. */
  after(sequence: number, missing: number[], limit: number): Promise<NamedCall[]>;
}

/** In PostgreSQL (`stack/postgres/migrations/005_llm_webhooks.sql`). Whatever there is in the table, a query reads `limit` rows at the most. */
export function createWebhookStore(database: Database): WebhookStore {
  return {
    newest: async (maxAgeMs, limit) => (await database.query<Row>(NEWEST, [maxAgeMs, limit])).map(toCall),
    after: async (sequence, missing, limit) =>
      (await database.query<Row>(AFTER, [sequence, missing, limit])).map(toCall),
  };
}

interface Row extends Record<string, unknown> {
  call_id: string;
  sequence: number;
  age_ms: number;
}

const toCall = (row: Row): NamedCall => ({
  callId: row.call_id,
  sequence: row.sequence,
  ageMs: row.age_ms,
});

const COLUMNS = `call_id, sequence::float8 as sequence,
  extract(epoch from clock_timestamp() - received_at)::float8 * 1000 as age_ms`;

const NEWEST = `
  with newest as (select ${COLUMNS} from headway_llm_webhooks order by headway_llm_webhooks.sequence desc limit $2)
  select * from newest where age_ms <= $1::float8 or sequence = (select max(sequence) from newest)
  order by sequence`;

const AFTER = `
  select ${COLUMNS} from headway_llm_webhooks h
  where h.sequence > $1::bigint or h.sequence = any($2::bigint[])
  order by h.sequence limit $3`;
