-- +goose Up

-- Intents of which it is not known yet what became of them. A row enters in the
-- transaction that seals the intent, and leaves once the outcome is sealed and its
-- bytes are handed over, or it is certain that none will be. What a node leaves here
-- when it ends, its successor closes.
create table ledger_open (
    origin text collate "C" not null,
    ref    bytea            not null check (octet_length(ref) = 16),
    idx    bigint           not null,
    primary key (origin, ref, idx)
) with (autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0); -- rows live for milliseconds
comment on table ledger_open is 'Distribution column: origin.';

-- A retired log is final: nobody gets its lease again.
alter table ledger_origins add column retired_at timestamptz;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, delete on ledger_open to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
