-- +goose Up

-- A proposal says why it is made, and its end says why it ended; whoever made it may
-- take it back.
alter table edition_proposals
    add column reason         text not null default '',
    add column decided_reason text not null default '',
    drop constraint edition_proposals_state_check,
    add constraint edition_proposals_state_check check (state in ('open', 'published', 'rejected', 'withdrawn'));

-- What a changed set of policies would have decided otherwise: asked for by a person,
-- counted by any node, kept with the files that it was counted for.
create table policy_replays (
    id           text collate "C" primary key,
    content      bytea       not null, -- the set's files, as a text archive
    digest       text        not null, -- of the set
    based        bigint      not null, -- the edition of the policies that it was compared with
    since        timestamptz not null,
    requested_by text        not null,
    requested_at timestamptz not null,
    state        text        not null check (state in ('waiting', 'done', 'failed')),
    report       text, -- JSON, as its digest was taken
    report_sm3   text        not null default '',
    done_at      timestamptz,
    check ((state = 'done') = (report is not null))
);
comment on table policy_replays is 'Distribution column: id.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant update (decided_reason) on edition_proposals to kapok_gateway;
        grant select, insert, update (state, report, report_sm3, done_at) on policy_replays to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
