-- A call whose reservation expired before anybody saw its end is counted when its end is seen after all. See docs/llm.md. Harmless to repeat.

-- What expires holds nothing any more and stays, until it is settled or its day is pruned.
create index if not exists headway_llm_reservations_holding
  on headway_llm_reservations (tenant, day, expires_at) where held > 0;

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
    select r.id, r.held from headway_llm_reservations r
    where r.tenant = the_tenant and r.day = today and r.held > 0 and r.expires_at < clock_timestamp()
  ), freed as (
    update headway_llm_reservations r set held = 0 from gone where r.id = gone.id returning gone.held
  ) select coalesce(sum(freed.held), 0) into expired from freed;
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
