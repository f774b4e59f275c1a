-- +goose Up

-- Revocation lists as issuers published them, so that evidence can show the one that was
-- in force when something was sealed. Never updated, never deleted.
create table revocation_lists (
    issuer      bytea       not null check (octet_length(issuer) = 32), -- SM3 of its name, DER
    this_update timestamptz not null,
    next_update timestamptz not null,
    list        bytea       not null, -- DER
    primary key (issuer, this_update)
);
comment on table revocation_lists is 'Distribution column: issuer. Append only; some per day.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on revocation_lists to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
