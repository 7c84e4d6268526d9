-- What each tenant has spent on LLM calls today (UTC), for the ceilings that all workers share. See docs/llm.md. Harmless to repeat.

create table if not exists headway_llm_spending (
  day date not null,
  -- '' are the jobs without a tenant
  tenant text collate "C" not null,
  -- Nano-dollars of calls that have ended, and of those under way
  spent bigint not null default 0,
  held bigint not null default 0,
  primary key (day, tenant)
);

-- What a call under way may cost at most. One whose worker never came back expires.
create table if not exists headway_llm_reservations (
  id text collate "C" primary key,
  day date not null,
  tenant text collate "C" not null,
  held bigint not null,
  expires_at timestamptz not null
);
create index if not exists headway_llm_reservations_by_end on headway_llm_reservations (tenant, day, expires_at);

-- Both functions lock the row of the tenant first, so they never wait for each other in a circle.
-- Returns 'reserved'; 'over' when spending alone leaves no room; 'wait' when calls under way take it up.
create or replace function headway_reserve_cost(the_id text, the_tenant text, amount bigint, ceiling bigint, lasts interval)
returns table (outcome text, spent_before float8) language plpgsql as $$
declare
  today date := (clock_timestamp() at time zone 'utc')::date;
  has_spent bigint;
  holds bigint;
  expired bigint;
begin
  insert into headway_llm_spending (day, tenant) values (today, the_tenant) on conflict do nothing;
  select s.spent, s.held into has_spent, holds from headway_llm_spending s
    where s.day = today and s.tenant = the_tenant for update;
  with gone as (
    delete from headway_llm_reservations r
    where r.tenant = the_tenant and r.day = today and r.expires_at < clock_timestamp() returning r.held
  ) select coalesce(sum(gone.held), 0) into expired from gone;
  holds := holds - expired;
  spent_before := has_spent;
  if has_spent + amount > ceiling then
    outcome := 'over';
  elsif has_spent + holds + amount > ceiling then
    outcome := 'wait';
  else
    outcome := 'reserved';
    holds := holds + amount;
    insert into headway_llm_reservations (id, day, tenant, held, expires_at)
      values (the_id, today, the_tenant, amount, clock_timestamp() + lasts);
  end if;
  update headway_llm_spending s set held = holds where s.day = today and s.tenant = the_tenant and s.held <> holds;
  return next;
end $$;

-- The call has ended and cost so much. Does nothing the second time.
create or replace function headway_settle_cost(the_id text, cost bigint) returns void language plpgsql as $$
declare
  its record;
  was_held bigint;
begin
  select r.day, r.tenant into its from headway_llm_reservations r where r.id = the_id;
  if not found then return; end if;
  perform 1 from headway_llm_spending s where s.day = its.day and s.tenant = its.tenant for update;
  delete from headway_llm_reservations r where r.id = the_id returning r.held into was_held;
  if not found then return; end if;
  update headway_llm_spending s set spent = s.spent + cost, held = s.held - was_held
    where s.day = its.day and s.tenant = its.tenant;
end $$;
