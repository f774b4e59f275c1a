-- +goose Up

-- The gateway works as kapok_gateway (see 00021 for the ledger's tables): what was
-- signed and what happened it may add to, and neither change nor delete.
-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'kapok_gateway') then
        begin
            create role kapok_gateway nologin;
        exception
            when duplicate_object or unique_violation then null; -- another database of this server was faster
            when insufficient_privilege then
                raise notice 'the role kapok_gateway does not exist and this role may not create it; its rights are not set';
        end;
    end if;
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on subjects, bases, basis_events, platform_certificates to kapok_gateway;
        grant select, insert, update (revoked_at) on system_keys to kapok_gateway;
        grant select, insert, delete, update (ended_at) on sessions to kapok_gateway;
        grant select, insert, delete on logins to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
