-- +goose Up

-- Who acts for whom. What was granted under a mandate is noted, so that it ends with it.
create table mandates (
    mandate_id  text        primary key check (mandate_id ~ '^[0-9a-f]{32}$'),
    kind        text        not null check (kind in ('AGENT', 'GUARDIAN')),
    principal   text        not null,
    agent       text        not null,
    matters     text[]      not null,
    powers      text[]      not null,
    from_at     timestamptz not null,
    until_at    timestamptz not null,
    minor       boolean     not null,
    evidence    text        not null default '',
    assertion   text        not null default '',
    proposer    text        not null default '',
    proposer_person text    not null default '',
    second      text        not null default '',
    state       text        not null check (state in ('PROPOSED', 'ACTIVE', 'ENDED')),
    ended_at    timestamptz,
    ended_by    text        not null default ''
);
comment on table mandates is 'Distribution column: mandate_id.';
create index mandates_given on mandates (principal);
create index mandates_held on mandates (agent);
create index mandates_over on mandates (until_at) where state <> 'ENDED';

create table mandate_bases (
    mandate_id text not null,
    basis_id   text not null,
    primary key (mandate_id, basis_id)
);
comment on table mandate_bases is 'Distribution column: mandate_id.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update on mandates to kapok_gateway;
        grant select, insert on mandate_bases to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
