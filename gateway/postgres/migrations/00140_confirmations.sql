-- +goose Up

-- Requests that a second officer is asked about (duty second-approver). That one was
-- used stands in ledger_claims, made with the intent.
create table confirmations (
    confirmation_id text        primary key check (confirmation_id ~ '^[0-9a-f]{32}$'),
    digest          text        not null check (digest ~ '^[0-9a-f]{64}$'), -- of the request
    subject_ref     text        not null,
    system          text        not null,
    department      text        not null,
    provider        text        not null,
    item            text        not null,
    fields          text[]      not null,
    operation       text        not null,
    service_item    text        not null,
    case_no         text        not null,
    purpose         text        not null,
    officer_ref     text        not null,
    asked_at        timestamptz not null,
    expires_at      timestamptz not null,
    state           text        not null default 'PENDING' check (state in ('PENDING', 'CONFIRMED', 'REFUSED')),
    decided_at      timestamptz,
    decided_by      text        not null default '',
    reason          text        not null default '',
    check ((state = 'PENDING') = (decided_at is null))
);
comment on table confirmations is 'Distribution column: confirmation_id.';
create index confirmations_by_request on confirmations (system, digest, asked_at desc);
create index confirmations_by_time on confirmations (asked_at desc);

-- What people are told of uses of their data (duty notify), read from the logs by the
-- roll-up: origin and idx say which entry it is about.
create table notifications (
    subject_ref  text collate "C" not null,
    origin       text collate "C" not null,
    idx          bigint           not null,
    kind         text             not null,
    at           timestamptz      not null,
    visible_at   timestamptz      not null, -- later than at where telling was put off by law
    department   text             not null,
    item         text             not null,
    operation    text             not null,
    service_item text             not null,
    read_at      timestamptz,
    primary key (subject_ref, origin, idx)
);
comment on table notifications is 'Distribution column: subject_ref.';
create index notifications_by_time on notifications (subject_ref, visible_at desc);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update (state, decided_at, decided_by, reason) on confirmations to kapok_gateway;
        grant select, insert, delete, update (read_at) on notifications to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
