-- +goose Up

-- A legal hold keeps what would otherwise be deleted in its time or on request: messages,
-- salts, values and keys of one person, or of a range of one log's entries. It is
-- placed and lifted by acts that both stand in the ledger; a hold is never changed.
create table legal_holds (
    id          text collate "C" primary key,
    subject_ref text collate "C",
    origin      text collate "C",
    first       bigint check (first >= 0),
    upto        bigint check (upto > first), -- the index after the last
    reason      text        not null,
    placed_by   text        not null,
    placed_at   timestamptz not null,
    check ((subject_ref is null) <> (origin is null)),
    check ((origin is null) = (first is null) and (origin is null) = (upto is null))
);
comment on table legal_holds is 'Distribution column: id. Some a year.';

create table legal_hold_ends (
    id        text collate "C" primary key,
    reason    text        not null,
    lifted_by text        not null,
    lifted_at timestamptz not null
);
comment on table legal_hold_ends is 'Distribution column: id.';

create view legal_holds_in_force as
    select * from legal_holds hold where not exists (select from legal_hold_ends ended where ended.id = hold.id);

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on legal_holds, legal_hold_ends to kapok_gateway;
        grant select on legal_holds_in_force to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
