-- What all workers did, so that each can tell from what the provider says is left how it counts tokens. See docs/llm.md. Harmless to repeat.

alter table headway_llm_budgets
  -- By calls that have ended
  add column if not exists tokens_used double precision not null default 0,
  -- Prompts and all that may be answered, of calls that were made
  add column if not exists tokens_most double precision not null default 0;
