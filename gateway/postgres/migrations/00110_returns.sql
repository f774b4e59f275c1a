-- +goose Up

-- Datasets of the return list, and which delivery of each is in force. The row's lock
-- makes those who change a dataset take turns.
create table return_datasets (
    dataset text collate "C" primary key, -- the catalogue item's code
    current text collate "C"              -- a delivery; null: nothing is in force
);
comment on table return_datasets is 'Distribution column: dataset.';

-- What was delivered, as the provider signed it. Rows never change; what befell each
-- stands in return_events.
create table return_deliveries (
    delivery    text collate "C" primary key check (delivery ~ '^[0-9a-f]{32}$'), -- begins the manifest's SM3
    load        bigint           not null generated always as identity,           -- names the table of its rows
    dataset     text collate "C" not null,
    version     integer          not null check (version > 0),
    generation  text collate "C" not null, -- the delivery whose key seals the rows
    manifest    bytea            not null,
    signature   text             not null, -- detached JWS
    key_id      text             not null,
    system      text             not null,
    received_at timestamptz      not null
);
comment on table return_deliveries is 'Distribution column: delivery. Append only; some per day.';
create index return_deliveries_of_dataset on return_deliveries (dataset, version);
create index return_deliveries_by_load on return_deliveries (load);

create table return_events (
    delivery text collate "C" not null,
    seq      integer          not null check (seq > 0),
    state    text             not null,
    at       timestamptz      not null,
    actor    text             not null,
    detail   jsonb            not null, -- report, findings, reason
    primary key (delivery, seq)
);
comment on table return_events is 'Distribution column: delivery. Append only.';

-- How far each landing is durable: written in the transaction that lands the rows.
create table return_progress (
    delivery text collate "C" primary key,
    landed   bigint           not null, -- rows
    progress jsonb            not null,
    report   jsonb                      -- of a version that is joined and compared
);
comment on table return_progress is 'Distribution column: delivery.';

-- Who asked the level above for a dataset of the return list, and what came of it.
create table return_applications (
    application text        primary key check (application ~ '^[0-9a-f]{32}$'),
    dataset     text        not null,
    document    jsonb       not null,
    actor       text        not null,
    applied_at  timestamptz not null
);
comment on table return_applications is 'Distribution column: application. Append only; some per month.';
create index return_applications_of_dataset on return_applications (dataset, applied_at);

-- The rows: one table for each delivery, so that landing disturbs nobody, and dropping
-- one is at once. The gateway owns none of them; it makes, indexes and drops them by
-- these functions, which take no text as SQL but quoted names.
create schema returned;

-- +goose StatementBegin
create function returned.open_load(load bigint, plain text[], sealed text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    columns text := '';
    name text;
begin
    foreach name in array plain loop
        columns := columns || format(', %I text not null', name);
    end loop;
    foreach name in array sealed loop
        columns := columns || format(', %I bytea not null', name);
    end loop;
    execute format('create table if not exists returned.load_%s (_subject uuid not null, _key uuid not null, _digest uuid not null,
        _line bigint not null, _load bigint not null, _file smallint not null, _mark "char" not null%s)', load, columns);
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        execute format('grant select, insert, delete on returned.load_%s to kapok_gateway', load);
    end if;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function returned.index_load(load bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set maintenance_work_mem = '128MB' as $$
begin
    execute format('create unique index if not exists load_%s_key on returned.load_%1$s (_key)', load);
    execute format('create index if not exists load_%s_subject on returned.load_%1$s (_subject)', load);
    execute format('analyze returned.load_%s (_key, _subject)', load);
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function returned.drop_load(load bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format('drop table if exists returned.load_%s', load);
end
$$;
-- +goose StatementEnd

revoke execute on all functions in schema returned from public;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant usage on schema returned to kapok_gateway;
        grant execute on all functions in schema returned to kapok_gateway;
        grant select, insert on return_deliveries, return_events, return_applications to kapok_gateway;
        grant select, insert, update on return_datasets to kapok_gateway;
        grant select, insert, update, delete on return_progress to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
