-- +goose Up

-- Access bases, as they were signed. A row never changes; the columns beside the
-- document repeat what lists are made by.
create table bases (
    basis_id        text        primary key check (basis_id ~ '^[0-9a-f]{32}$'),
    subject_ref     text        not null check (subject_ref ~ '^([0-9a-f]{32})?$'), -- '': anybody
    document        bytea       not null, -- canonical JSON
    signature       bytea       not null check (octet_length(signature) = 64),
    certificate_sm3 bytea       not null, -- in platform_certificates
    granted_at      timestamptz not null
);
comment on table bases is 'Distribution column: basis_id. Append only.';
create index bases_of_subject on bases (subject_ref, granted_at desc, basis_id desc);

-- What befell each basis; its state is that of the last event.
create table basis_events (
    basis_id text        not null,
    seq      integer     not null check (seq > 0),
    event    text        not null,
    state    text        not null,
    at       timestamptz not null,
    actor    text        not null, -- a subject_ref, a staff reference, or "kapok" for a job
    primary key (basis_id, seq)
);
comment on table basis_events is 'Distribution column: basis_id. Append only.';

-- The certificates of the operational keys that signed artefacts, each once.
create table platform_certificates (
    sm3         bytea primary key check (octet_length(sm3) = 32),
    certificate bytea not null -- DER
);
comment on table platform_certificates is 'Append only; some per day.';
