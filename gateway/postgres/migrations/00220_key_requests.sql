-- +goose Up

-- Keys that a department wants for a system of its own: proposed by one person, who proved
-- that they hold it, confirmed by another. A person is known by the identity provider's
-- name and, where it vouches for one, by their own random reference.
create table key_requests (
    id              text collate "C" primary key,
    system_id       text        not null,
    public_key      bytea       not null check (octet_length(public_key) = 65), -- 04‖X‖Y
    valid_from      timestamptz, -- null: from its confirmation
    valid_until     timestamptz not null,
    replaces        text        not null default '', -- a key that ends when the overlap does
    overlap_hours   int         not null default 0,
    proposed_by     text        not null,
    proposed_person text        not null,
    proposed_at     timestamptz not null,
    state           text        not null check (state in ('proposed', 'confirmed', 'rejected', 'withdrawn')),
    decided_by      text        not null default '',
    decided_person  text        not null default '',
    decided_at      timestamptz,
    check (state <> 'confirmed' or decided_by <> proposed_by),
    check (state <> 'confirmed' or decided_person = '' or decided_person <> proposed_person),
    check ((replaces = '') = (overlap_hours = 0))
);
comment on table key_requests is 'Distribution column: id.';
create index key_requests_of_system on key_requests (system_id, proposed_at desc);
comment on table system_keys is 'Distribution column: key_id. Updated are only revoked_at, once, and valid_until, which only comes nearer.';

-- Who proposes an edition and who confirms it are two people, not two accounts of one.
alter table edition_proposals
    add column proposed_person text not null default '',
    add column decided_person  text not null default '',
    add constraint edition_proposals_two_people check (state <> 'published' or decided_person = '' or decided_person <> proposed_person);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, update (state, decided_by, decided_person, decided_at) on key_requests to kapok_gateway;
        grant update (valid_until) on system_keys to kapok_gateway;
        grant update (decided_person) on edition_proposals to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
