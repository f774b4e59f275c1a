-- +goose Up

-- What people show at counters. The code itself is nowhere; its id is random. It is
-- used once: scanned_at is set by the one scan that finds it empty.
create table presentations (
    presentation_id text        primary key check (presentation_id ~ '^[A-Z2-7]{16}$'),
    subject_ref     text        not null check (subject_ref ~ '^[0-9a-f]{32}$'),
    level           text        not null, -- of the sign-in
    items           text[]      not null,
    purpose         text        not null, -- '': what the counter declares
    separate        boolean     not null,
    certificate     bytea       not null, -- of the key that signed the code, DER
    made_at         timestamptz not null,
    expires_at      timestamptz not null,
    scanned_at      timestamptz,
    scanned_by      text        not null default '' -- a system
);
comment on table presentations is 'Distribution column: presentation_id.';
create index presentations_by_expiry on presentations (expires_at);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, delete, update (scanned_at, scanned_by) on presentations to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
