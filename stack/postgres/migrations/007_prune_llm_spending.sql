-- What tenants spent is forgotten after a week, by whoever begins a new row. See docs/llm.md. Harmless to repeat.

create or replace function headway_prune_spending() returns trigger language plpgsql as $$
begin
  -- More than are added, so it catches up with any number. Rows that others hold are left to the next time: this never waits for them.
  with stale as (
    select day, tenant from headway_llm_spending where day < new.day - 7 limit 100 for update skip locked
  ), gone as (
    delete from headway_llm_spending s using stale where s.day = stale.day and s.tenant = stale.tenant
  )
  -- Calls whose end nobody has seen
  delete from headway_llm_reservations r using stale where r.tenant = stale.tenant and r.day = stale.day;
  return null;
end $$;

drop trigger if exists headway_llm_spending_pruned on headway_llm_spending;
create trigger headway_llm_spending_pruned after insert on headway_llm_spending
  for each row execute function headway_prune_spending();
