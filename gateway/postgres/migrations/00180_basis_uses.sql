-- +goose Up

-- Why something befell a basis, and the entry of the ledger that says so.
alter table basis_events add column reason text not null default '';
alter table basis_events add column ref text not null default '' check (ref ~ '^([0-9a-f]{32})?$');

-- Uses of bases that have a limit: a row for each that is reserved or was released, and
-- what the rows add up to, on the whole (day 0001-01-01) and on each day.
create table basis_uses (
    basis_id text        not null,
    ref      text        not null check (ref ~ '^[0-9a-f]{32}$'), -- of the exchange
    day      date        not null, -- Beijing's
    at       timestamptz not null,
    settled  boolean     not null default false, -- the ledger says that it was released
    primary key (basis_id, ref)
);
comment on table basis_uses is 'Distribution column: basis_id.';
create index basis_uses_open on basis_uses (at) where not settled;
create table basis_counters (
    basis_id text    not null,
    day      date    not null,
    most     integer not null check (most > 0),
    taken    integer not null check (taken between 0 and most),
    primary key (basis_id, day)
);
comment on table basis_counters is 'Distribution column: basis_id.';
create index basis_counters_full on basis_counters (basis_id) where taken = most and day = '0001-01-01';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update, delete on basis_uses to kapok_gateway;
        grant select, insert, update on basis_counters to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
