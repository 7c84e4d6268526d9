-- The pruning of 007 deletes, which a role that only selects, inserts and updates may not do: its call would fail with the pruning, and with it every
-- LLM call of the tenant. So the function runs as its owner, on the schema it was made in. Harmless to repeat.

do $$ begin
  execute format(
    'alter function headway_prune_spending() security definer set search_path = %I, pg_temp',
    current_schema()
  );
end $$;
revoke all on function headway_prune_spending() from public;
