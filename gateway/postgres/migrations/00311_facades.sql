-- +goose Up

-- Access tokens lent to systems that ask by license-app/v1; a digest of each.
create table licence_sessions (
    token_sm3  bytea       primary key check (octet_length(token_sm3) = 32),
    system     text        not null,
    expires_at timestamptz not null
);
comment on table licence_sessions is 'Distribution column: token_sm3.';
create index licence_sessions_ended on licence_sessions (expires_at);

-- Use codes (用证码): a digest of each, and what stands behind it, encrypted under the code
-- itself, which nobody keeps here.
create table licence_use_codes (
    code_sm3   bytea       primary key check (octet_length(code_sm3) = 32),
    sealed     bytea       not null,
    expires_at timestamptz not null
);
comment on table licence_use_codes is 'Distribution column: code_sm3.';
create index licence_use_codes_ended on licence_use_codes (expires_at);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, delete on licence_sessions, licence_use_codes to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
