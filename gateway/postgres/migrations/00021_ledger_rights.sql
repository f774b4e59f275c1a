-- +goose Up

-- The gateway works as kapok_gateway: it may add to the ledger, and neither change
-- nor delete what stands there. Rights hold where a trigger could be switched off.
-- The role owns nothing and cannot log in; whoever migrates grants it to the
-- gateway's login, which begins each session with "set role kapok_gateway" (or the
-- connection's option role=kapok_gateway).
-- +goose StatementBegin
do $$
begin
    if not exists (select from pg_roles where rolname = 'kapok_gateway') then
        begin
            create role kapok_gateway nologin;
        exception
            when duplicate_object or unique_violation then null; -- another database of this server was faster
            when insufficient_privilege then
                raise notice 'the role kapok_gateway does not exist and this role may not create it; rights on the ledger are not set';
        end;
    end if;
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on ledger_entries, ledger_checkpoints, ledger_keys, ledger_stops to kapok_gateway;
        grant select, insert on ledger_accesses to kapok_gateway;
        grant select, insert, update on ledger_origins, ledger_tiles to kapok_gateway;
        grant select, insert, update, delete on ledger_openings, ledger_claims, ledger_pending to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
