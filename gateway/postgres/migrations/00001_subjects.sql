-- +goose Up

-- Who a person or an organisation is inside Kapok: a keyed hash of the identity
-- number leads to a random reference, and only this table joins the two. The key
-- of the hash rotates by adding rows under a newer version.
create table subjects (
    lookup      bytea       not null check (octet_length(lookup) = 32), -- HMAC-SM3 of "type:number"
    key_version integer     not null check (key_version > 0),
    subject_ref text        not null check (subject_ref ~ '^[0-9a-f]{32}$'),
    created_at  timestamptz not null default now(),
    primary key (lookup, key_version)
);
comment on table subjects is 'Distribution column: lookup.';
