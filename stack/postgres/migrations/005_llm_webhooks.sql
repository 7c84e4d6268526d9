-- Which LLM calls a webhook of the provider said to have ended: written by the HTTP door, read by the workers. See docs/llm.md. Harmless to
-- repeat. Unlogged: a lost row costs a later poll and nothing else, and writing it costs no WAL.

-- By itself, for the one of a column of an unlogged table would begin anew after a crash of the server, and readers go on from a number.
create sequence if not exists headway_llm_webhooks_order;

create unlogged table if not exists headway_llm_webhooks (
  -- The provider's id of the call. The first webhook of a call counts; further ones change nothing.
  call_id text collate "C" primary key,
  sequence bigint not null default nextval('headway_llm_webhooks_order'),
  received_at timestamptz not null default clock_timestamp()
);

create unique index if not exists headway_llm_webhooks_by_order on headway_llm_webhooks (sequence);
