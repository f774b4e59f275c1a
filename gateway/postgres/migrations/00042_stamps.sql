-- +goose Up

-- Time-stamps (RFC 3161) of checkpoints: one or more a day for each log.
create table ledger_stamps (
    origin text collate "C" not null,
    size   bigint           not null check (size > 0), -- of the checkpoint
    at     timestamptz      not null, -- as the authority says
    token  bytea            not null,
    primary key (origin, size, at)
);
comment on table ledger_stamps is 'Distribution column: origin. Append only; some per day.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on ledger_stamps to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
