-- +goose Up

-- Answers of sources that break the catalogue, one row for each rule that a source
-- breaks until its provider has put it right. No value, and nobody's reference.
create table source_violations (
    item         text collate "C" not null,
    item_version integer          not null,
    source       text collate "C" not null,
    field        text collate "C" not null, -- '' where it is the record
    rule         text collate "C" not null,
    provider     text collate "C" not null,
    first_ref    text collate "C" not null, -- the exchange that met it first
    first_seen   timestamptz      not null,
    last_seen    timestamptz      not null,
    times        bigint           not null default 1,
    matter       text collate "C",          -- the correction (校核) that took it up
    primary key (item, source, field, rule)
);
comment on table source_violations is 'Distribution column: item.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update, delete on source_violations to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
