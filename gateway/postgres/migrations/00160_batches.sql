-- +goose Up

-- Questions about many people, ordered by one call. What was asked and found is sealed
-- under a key of the batch's own (person_keys, owner "batch:…"), which goes with the rows
-- when all was fetched or the time is up; this row stays.
create table batches (
    batch_id     text        primary key check (batch_id ~ '^[0-9a-f]{32}$'),
    kind         text        not null check (kind in ('query', 'eligibility')),
    system       text        not null,
    department   text        not null,
    subjects     integer     not null,
    placed_at    timestamptz not null,
    expires_at   timestamptz not null,
    state        text        not null check (state in ('running', 'done', 'closed', 'expired')),
    sealed       bytea, -- null: forgotten
    released     integer     not null default 0, -- counted when the members are forgotten
    refused      integer     not null default 0,
    fetched      integer     not null default 0,
    leased_by    text        not null default '',
    leased_until timestamptz not null default '-infinity'
);
comment on table batches is 'Distribution column: batch_id.';
create index batches_running on batches (placed_at) where state = 'running';
create index batches_kept on batches (expires_at) where state in ('running', 'done');

create table batch_members (
    batch_id text        not null,
    position integer     not null,
    state    text        not null check (state in ('waiting', 'released', 'refused')),
    due_at   timestamptz not null,
    attempts integer     not null default 0,
    code     text        not null default '',
    asked    bytea, -- sealed; null: answered
    result   bytea, -- sealed; null: none, or fetched
    fetched  boolean     not null default false,
    primary key (batch_id, position)
);
comment on table batch_members is 'Distribution column: batch_id.';
create index batch_members_waiting on batch_members (batch_id, due_at) where state = 'waiting';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on batches to kapok_gateway;
        grant select, insert, update, delete on batch_members to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
