-- +goose Up

-- A stop may be lifted and come again: the markers of one thing are numbered, those
-- of odd numbers stop it and those of even ones lift it. From the size beside the
-- one to that beside the next, an entry that rests on it is a breach.
alter table ledger_stops add column n integer not null default 1 check (n > 0);
alter table ledger_stops alter column n drop default;
alter table ledger_stops drop constraint ledger_stops_pkey;
alter table ledger_stops add primary key (origin, kind, id, n);

-- The editions of what decisions rest on, once for each origin, read by each batch
-- under its origin's lock: the highest number is in force. size is the origin's when
-- it was published: an entry at or past it that was decided under an earlier one is
-- a breach.
create table ledger_editions (
    origin       text collate "C" not null,
    kind         text collate "C" not null,
    number       bigint           not null check (number > 0),
    size         bigint           not null,
    published_at timestamptz      not null default clock_timestamp(),
    primary key (origin, kind, number)
);
comment on table ledger_editions is 'Distribution column: origin.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on ledger_editions to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
