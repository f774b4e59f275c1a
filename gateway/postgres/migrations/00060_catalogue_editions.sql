-- +goose Up

-- Editions of the catalogue and of the policies: the highest number of a kind is in
-- force. One person proposes, another confirms; the database keeps them apart too.
create table editions (
    kind         text collate "C" not null,
    number       bigint           not null check (number > 0),
    digest       text             not null,
    content      bytea            not null, -- its files, as a text archive
    proposed_by  text             not null,
    confirmed_by text             not null,
    published_at timestamptz      not null,
    primary key (kind, number),
    check (number = 1 or proposed_by <> confirmed_by)
);
comment on table editions is 'Distribution column: kind.';

create table edition_proposals (
    kind        text collate "C" not null,
    id          text collate "C" not null,
    digest      text             not null,
    based       bigint           not null,
    content     bytea            not null,
    report      text             not null, -- digest of the report that goes with it
    proposed_by text             not null,
    proposed_at timestamptz      not null,
    state       text             not null check (state in ('open', 'published', 'rejected')),
    decided_by  text             not null default '',
    decided_at  timestamptz,
    primary key (kind, id),
    check (state <> 'published' or decided_by <> proposed_by)
);
comment on table edition_proposals is 'Distribution column: kind.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on editions to kapok_gateway;
        grant select, insert, update (state, decided_by, decided_at) on edition_proposals to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
