-- The job-id ledger of JOB_ID_DEDUPE=ledger: which record was the first with a job id.
-- See docs/guides/exactly-once-job-ids.md, also for the rights the bridge needs. Harmless to repeat.

create table if not exists headway_job_ids (
  -- Compared byte by byte: cheaper than the rules of a language, and the same everywhere.
  job_id text collate "C" primary key,
  -- `topic:partition:offset:timestamp` of the record
  source text collate "C" not null,
  claimed_at timestamptz not null default now()
);

create index if not exists headway_job_ids_by_age on headway_job_ids (claimed_at);
