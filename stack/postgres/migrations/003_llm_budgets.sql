-- What is left of the requests and tokens a minute that all workers share. See docs/llm.md. Harmless to repeat.
-- Unlogged: after a crash of the server it begins anew, which costs seconds of budget, and writing it costs no WAL.

create unlogged table if not exists headway_llm_budgets (
  -- Host of the provider and name of the model
  budget text collate "C" primary key,
  -- As the provider's headers say; null while unknown. What is configured comes with each lease.
  requests_per_minute double precision,
  tokens_per_minute double precision,
  -- What has been refilled and not leased; below zero where more was used than was thought.
  requests_available double precision not null default 0,
  tokens_available double precision not null default 0,
  refilled_at timestamptz not null default clock_timestamp(),
  -- What the last lease got: an UPDATE can only return what it has stored.
  requests_granted double precision not null default 0,
  tokens_granted double precision not null default 0,
  -- The provider asked everybody to wait.
  paused_until timestamptz
);

create unlogged table if not exists headway_llm_budget_processes (
  budget text collate "C" not null,
  process text collate "C" not null,
  -- How many calls wait there, by tenant
  waiting jsonb not null,
  seen_at timestamptz not null default clock_timestamp(),
  primary key (budget, process)
);
