-- +goose Up

-- What waits for a person's answer, or for a second officer's: the draft of the artefact
-- to come, and what the asking system signed. Its events stand with those of bases.
create table basis_requests (
    basis_id    text        primary key check (basis_id ~ '^[0-9a-f]{32}$'),
    subject_ref text        not null check (subject_ref ~ '^[0-9a-f]{32}$'),
    kind        text        not null,
    draft       bytea       not null, -- canonical JSON
    asked_at    timestamptz not null,
    lapses_at   timestamptz not null,
    signed_base text        not null, -- '': an officer proposed it, signed in
    signature   bytea       not null
);
comment on table basis_requests is 'Distribution column: basis_id. Append only.';
create index basis_requests_of_subject on basis_requests (subject_ref, asked_at desc);
create index basis_requests_lapse on basis_requests (lapses_at);

-- Who asks whom for what: one request at a time, and none for a while after a refusal.
create table basis_askings (
    subject_ref text        not null,
    department  text        not null,
    item        text        not null,
    purpose     text        not null,
    open        text        not null, -- the request that waits; '': none
    quiet_until timestamptz not null default '-infinity',
    primary key (subject_ref, department, item, purpose)
);
comment on table basis_askings is 'Distribution column: subject_ref.';

-- The notices that people were shown, each text once.
create table notices (
    sm3      text        primary key check (sm3 ~ '^[0-9a-f]{64}$'),
    id       text        not null,
    version  text        not null,
    language text        not null,
    text     text        not null,
    shown_at timestamptz not null default now()
);
comment on table notices is 'Distribution column: sm3. Append only.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on basis_requests, notices to kapok_gateway;
        grant select, insert, update on basis_askings to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
