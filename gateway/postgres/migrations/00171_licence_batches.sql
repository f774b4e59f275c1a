-- +goose Up

-- Licences to be issued in bulk (批量制证). A row's draft is sealed with its holder's
-- record key; it is issued and marked so in one transaction, so that whoever goes on
-- after a node was killed issues none twice.
create table licence_batches (
    batch_id text        primary key check (batch_id ~ '^[0-9a-f]{32}$'),
    issuer   text        not null,
    actor    text        not null,
    total    integer     not null,
    made_at  timestamptz not null
);
comment on table licence_batches is 'Distribution column: batch_id.';

create table licence_batch_rows (
    batch_id    text    not null,
    n           integer not null,
    subject_ref text    not null,
    sealed      bytea   not null, -- the draft
    state       text    not null default 'pending' check (state in ('pending', 'issued', 'failed')),
    licence_id  text    not null default '',
    code        text    not null default '', -- why it failed
    primary key (batch_id, n)
);
comment on table licence_batch_rows is 'Distribution column: batch_id.';
create index licence_batch_rows_pending on licence_batch_rows (batch_id, n) where state = 'pending';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on licence_batches to kapok_gateway;
        grant select, insert, update on licence_batch_rows to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
