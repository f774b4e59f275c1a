-- +goose Up

-- E-licences. What a licence says is sealed with its holder's record key; only what
-- lists and rates are made by stands beside it.
create table licences (
    licence_id   text        primary key check (licence_id ~ '^[0-9a-f]{32}$'),
    subject_ref  text        not null check (subject_ref ~ '^[0-9a-f]{32}$'),
    kind         text        not null, -- 证照类型代码
    issuer       text        not null, -- a department's id
    state        text        not null check (state in ('DRAFT', 'REGISTERED', 'ISSUED', 'ABOLISHED')),
    version      integer     not null check (version > 0),
    seq          integer     not null check (seq > 0), -- of the last event
    service_item text        not null,
    case_no      text        not null,
    decided_at   timestamptz, -- when the case was decided; null where nobody said
    issued_at    timestamptz, -- when it was first sealed or taken over
    changed_at   timestamptz not null,
    sealed       bytea       not null -- the metadata of the version in force
);
comment on table licences is 'Distribution column: licence_id.';
create index licences_of_subject on licences (subject_ref, kind);

-- What befell each licence. Append only.
create table licence_events (
    licence_id text        not null,
    seq        integer     not null check (seq > 0),
    event      text        not null,
    state      text        not null,
    version    integer     not null,
    at         timestamptz not null,
    actor      text        not null,
    primary key (licence_id, seq)
);
comment on table licence_events is 'Distribution column: licence_id. Append only.';

-- The sealed OFD of each version, encrypted. Append only.
create table licence_files (
    licence_id text    not null,
    version    integer not null,
    sealed     bytea   not null,
    primary key (licence_id, version)
);
alter table licence_files alter column sealed set storage external; -- ciphertext does not compress
comment on table licence_files is 'Distribution column: licence_id. Append only.';

-- By what a licence is found: keyed hashes of its type and number, and of its
-- identifiers. A number is given once.
create table licence_lookups (
    lookup     bytea primary key check (octet_length(lookup) = 32),
    licence_id text  not null
);
comment on table licence_lookups is 'Distribution column: lookup.';

-- The e-seals of the issuing departments, as their maker signed them.
create table licence_seals (
    name    text        primary key,
    seal    bytea       not null, -- SESeal, DER (GB/T 38540)
    made_at timestamptz not null default now()
);
comment on table licence_seals is 'Distribution column: name. Some rows in all.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on licences to kapok_gateway;
        grant select, insert on licence_events, licence_files, licence_lookups, licence_seals to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
