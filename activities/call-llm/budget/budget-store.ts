import type { Database } from '../../../pipelines/define-pipeline';
import type { Tokens, Totals } from './token-count';

/** An amount of budget, or a limit a minute. */
export interface Amount {
  requests: number;
  tokens: number;
}

/** Limits a minute; what is absent is not limited. */
export type Limits = Partial<Amount>;

/** How many calls wait in one process, by tenant. */
export type Waiting = Record<string, number>;

export interface LeaseRequest {
  want: Amount;
  /** Of what is there, this process takes at most so much: 0 to 1. */
  share: number;
  /** Or so much, if that is more and is there: its share of what was refilled since its last lease. */
  entitled: Amount;
  /** Leased before and not used; negative where more was used than was leased. */
  giveBack: Amount;
  /** Configured for this process; where the provider says less, that holds. */
  configured: Limits;
  /** What the provider itself said is left: there is never more than that. */
  remaining?: Limits;
  /** Since its last lease: what the calls that it made may use at most, and what was used by those that it saw ending. */
  done: Tokens;
}

export interface Lease {
  granted: Amount;
  /** What is in force for all; undefined while nobody knows a limit. */
  limits: Limits;
  /** Milliseconds during which nobody gets anything. */
  pausedMs: number;
  /** What all processes have `done` so far. */
  totals: Totals;
}

/** Where the processes meet. All methods throw what the database says. */
export interface BudgetStore {
  /** Takes a slice of a budget; undefined when nothing is known about it, and no limit is configured. */
  lease(budget: string, request: LeaseRequest): Promise<Lease | undefined>;
  /** Says what waits here, and reads what waits in the other processes. */
  meet(budget: string, waiting: Waiting): Promise<Waiting[]>;
  /** The provider named its limits. */
  learn(budget: string, limits: Limits): Promise<void>;
  /** Nobody gets anything for so long, and what was saved up is gone. */
  pause(budget: string, ms: number): Promise<void>;
  /** This process asks no more. */
  leave(budget: string): Promise<void>;
}

/** So much can be saved up, in seconds of the limit: less than any provider allows, more than a stalled process needs. */
export const BURST_SECONDS = 5;

/**
 * Budgets in PostgreSQL (`stack/postgres/migrations/003_llm_budgets.sql`, `006_llm_token_counts.sql`): a token bucket for each model, filled by the clock of the database.
 *
 * @param process tells this process apart from all others
 */
export function createBudgetStore(database: Database, process: string): BudgetStore {
  const update = (sql: string, parameters: unknown[]) => database.query<LeaseRow>(sql, parameters);
  return {
    async lease(budget, { want, share, entitled, giveBack, configured, remaining = {}, done }) {
      const parameters = [
        ...[budget, share, want.requests, want.tokens, giveBack.requests, giveBack.tokens],
        ...[configured.requests ?? null, configured.tokens ?? null],
        ...[remaining.requests ?? null, remaining.tokens ?? null],
        ...[entitled.requests, entitled.tokens, done.used, done.most],
      ];
      let [row] = await update(LEASE, parameters);
      if (!row && (configured.requests ?? configured.tokens) !== undefined) {
        await update(CREATE, [budget]);
        [row] = await update(LEASE, parameters);
      }
      return row && toLease(row);
    },
    async meet(budget, waiting) {
      const rows = await database.query<{ waiting: Waiting }>(MEET, [
        budget,
        process,
        JSON.stringify(waiting),
      ]);
      return rows.map((row) => row.waiting);
    },
    async learn(budget, { requests, tokens }) {
      await update(LEARN, [budget, requests ?? null, tokens ?? null]);
    },
    async pause(budget, ms) {
      await update(CREATE, [budget]);
      await update(PAUSE, [budget, ms]);
    },
    async leave(budget) {
      await update('delete from headway_llm_budget_processes where budget = $1 and process = $2', [
        budget,
        process,
      ]);
    },
  };
}

interface LeaseRow extends Record<string, unknown> {
  requests_granted: number;
  tokens_granted: number;
  requests_limit: number | null;
  tokens_limit: number | null;
  paused_ms: number;
  tokens_used: number;
  tokens_most: number;
}

function toLease(row: LeaseRow): Lease {
  return {
    granted: { requests: row.requests_granted, tokens: row.tokens_granted },
    limits: { requests: row.requests_limit ?? undefined, tokens: row.tokens_limit ?? undefined },
    pausedMs: row.paused_ms,
    totals: { used: row.tokens_used, most: row.tokens_most },
  };
}

/** One unit of the bucket. Where no limit is known there is always enough. */
function bucket(
  unit: 'requests' | 'tokens',
  at: { want: number; back: number; configured: number; remaining: number; entitled: number },
) {
  // `least` leaves nulls out.
  const limit = `least($${at.configured}::float8, b.${unit}_per_minute)`;
  const elapsed = 'greatest(0, extract(epoch from clock_timestamp() - b.refilled_at))::float8';
  const perSecond = `coalesce(${limit}, 1e12) / 60`;
  const capacity = `greatest(1, ${perSecond} * ${BURST_SECONDS})`;
  const filled = `least(${capacity}, b.${unit}_available + $${at.back}::float8 + ${elapsed} * ${perSecond}, $${at.remaining}::float8)`;
  const granted = `(case when b.paused_until > clock_timestamp() then 0 else greatest(0, least($${at.want}::float8, greatest((${filled}) * $2::float8, least(${filled}, $${at.entitled}::float8)))) end)`;
  return { limit, filled, granted };
}

const requests = bucket('requests', { want: 3, back: 5, configured: 7, remaining: 9, entitled: 11 });
const tokens = bucket('tokens', { want: 4, back: 6, configured: 8, remaining: 10, entitled: 12 });

// Every expression sees the row as it was before, also when another process was faster: then PostgreSQL evaluates them anew.
const LEASE = `
  update headway_llm_budgets b set
    requests_granted = ${requests.granted}, requests_available = ${requests.filled} - ${requests.granted},
    tokens_granted = ${tokens.granted}, tokens_available = ${tokens.filled} - ${tokens.granted},
    refilled_at = clock_timestamp(), tokens_used = b.tokens_used + $13::float8, tokens_most = b.tokens_most + $14::float8
  where b.budget = $1
  returning requests_granted, tokens_granted, tokens_used, tokens_most, ${requests.limit} as requests_limit, ${tokens.limit} as tokens_limit,
    greatest(0, coalesce(extract(epoch from b.paused_until - clock_timestamp()) * 1000, 0))::float8 as paused_ms`;

const CREATE = 'insert into headway_llm_budgets (budget) values ($1) on conflict do nothing';

const LEARN = `
  insert into headway_llm_budgets as b (budget, requests_per_minute, tokens_per_minute) values ($1, $2, $3)
  on conflict (budget) do update set
    requests_per_minute = coalesce($2, b.requests_per_minute), tokens_per_minute = coalesce($3, b.tokens_per_minute)
  where (b.requests_per_minute, b.tokens_per_minute) is distinct from
    (coalesce($2, b.requests_per_minute), coalesce($3, b.tokens_per_minute))`;

const PAUSE = `
  update headway_llm_budgets set
    paused_until = greatest(paused_until, clock_timestamp() + $2::float8 * interval '1 millisecond'),
    requests_available = least(0, requests_available), tokens_available = least(0, tokens_available)
  where budget = $1`;

// One that was killed is forgotten by the others after some seconds.
const MEET = `
  with gone as (
    delete from headway_llm_budget_processes where budget = $1 and seen_at < clock_timestamp() - interval '1 minute'
  ), mine as (
    insert into headway_llm_budget_processes (budget, process, waiting) values ($1, $2, $3::jsonb)
    on conflict (budget, process) do update set waiting = excluded.waiting, seen_at = clock_timestamp()
  )
  select waiting from headway_llm_budget_processes
  where budget = $1 and process <> $2 and seen_at > clock_timestamp() - interval '3 seconds'`;
