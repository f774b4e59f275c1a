-- +goose Up

-- Notes of decisions, for replay: one row for each batch of the ledger, with the notes
-- of all its decisions one after the other. No personal value stands in them; what they
-- mean is gateway/replay's. Written with the entries, in their transaction.
create table ledger_notes (
    origin  text collate "C" not null,
    idx     bigint           not null, -- of the batch's first entry that has a note
    at      timestamptz      not null, -- of the same entry
    records bytea            not null,
    primary key (origin, idx)
);
alter table ledger_notes alter column records set storage external;
create index ledger_notes_at on ledger_notes using brin (at);
comment on table ledger_notes is 'Distribution column: origin.';

-- What many notes share: a grant, an item, the shape of a basis.
create table ledger_note_parts (
    origin text collate "C" not null,
    digest bytea            not null check (octet_length(digest) = 16),
    part   bytea            not null,
    primary key (origin, digest)
);
comment on table ledger_note_parts is 'Distribution column: origin.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert on ledger_notes, ledger_note_parts to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
