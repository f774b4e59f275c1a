-- +goose Up

-- Systems that are told when an item changes for their cases. Order and cases are sealed
-- under a key of the subscription's own (person_keys, owner "subscription:…").
create table subscriptions (
    subscription_id text        primary key check (subscription_id ~ '^[0-9a-f]{32}$'),
    system          text        not null,
    department      text        not null,
    item            text        not null,
    sealed          bytea       not null,
    placed_at       timestamptz not null,
    ended_at        timestamptz
);
comment on table subscriptions is 'Distribution column: subscription_id.';
create index subscriptions_of_item on subscriptions (item) where ended_at is null;

create table subscription_cases (
    subscription_id text    not null,
    position        integer not null,
    subject_ref     text    not null,
    sealed          bytea   not null,
    next_seq        bigint  not null default 1,
    primary key (subscription_id, position)
);
comment on table subscription_cases is 'Distribution column: subscription_id.';

create table subscription_pushes (
    subscription_id text        not null,
    position        integer     not null,
    seq             bigint      not null,
    state           text        not null check (state in ('waiting', 'delivered', 'dead', 'refused', 'requeued')),
    attempts        integer     not null default 0,
    due_at          timestamptz not null,
    leased_until    timestamptz not null default '-infinity',
    code            text        not null default '',
    ref             text        not null default '',
    since           timestamptz not null,
    primary key (subscription_id, position, seq)
);
comment on table subscription_pushes is 'Distribution column: subscription_id.';
create index subscription_pushes_waiting on subscription_pushes (due_at) where state = 'waiting';

-- Changes of items, until they are made into pushes.
create table item_changes (
    change_id bigint      generated always as identity primary key,
    item      text        not null,
    was_load  bigint,     -- returned data: the table before, null for none
    now_load  bigint,     -- and now
    subjects  text[],     -- announced: about whom
    at        timestamptz not null,
    spread_at timestamptz
);
comment on table item_changes is 'Distribution column: change_id.';
create index item_changes_open on item_changes (change_id) where spread_at is null;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on subscriptions, subscription_cases to kapok_gateway;
        grant select, insert, update, delete on subscription_pushes, item_changes to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
