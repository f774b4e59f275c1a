-- +goose Up

-- The SM2 keys by which departments' systems sign.
create table system_keys (
    key_id      text        primary key, -- RFC 7638 thumbprint with SM3, base64url
    system_id   text        not null check (system_id <> ''),
    public_key  bytea       not null check (octet_length(public_key) = 65), -- 04‖X‖Y
    valid_from  timestamptz not null,
    valid_until timestamptz check (valid_until > valid_from), -- exclusive; null: no end
    enrolled_at timestamptz not null default now(),
    revoked_at  timestamptz
);
comment on table system_keys is 'Distribution column: key_id. Only revoked_at is ever updated, once.';
create index system_keys_of_system on system_keys (system_id, enrolled_at);
