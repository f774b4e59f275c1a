-- +goose Up

-- Entries and checkpoints grow for ever: they are cut into ranges of the index, so that
-- no index grows past what one range holds, and a range from which the archive took all
-- gives its room back at once. A new log begins in the first range, so ranges are never
-- dropped.
alter table ledger_entries rename to ledger_entries_first;
alter index ledger_entries_pkey rename to ledger_entries_first_pkey;
alter index ledger_entries_ref rename to ledger_entries_first_ref;
alter index ledger_entries_of_keys rename to ledger_entries_first_of_keys;
create table ledger_entries (like ledger_entries_first including defaults including constraints including storage)
    partition by range (idx);
alter table ledger_entries add primary key (origin, idx);
create index ledger_entries_ref on ledger_entries (ref) where ref is not null;
create index ledger_entries_of_keys on ledger_entries (at) where kind in ('key-enrolled', 'key-revoked');
comment on table ledger_entries is 'Distribution column: origin. Partitions: ranges of idx.';

alter table ledger_checkpoints rename to ledger_checkpoints_first;
alter index ledger_checkpoints_pkey rename to ledger_checkpoints_first_pkey;
create table ledger_checkpoints (like ledger_checkpoints_first including defaults including constraints including storage)
    partition by range (size);
alter table ledger_checkpoints add primary key (origin, size);
comment on table ledger_checkpoints is 'Distribution column: origin. Partitions: ranges of size.';

-- What stands already becomes the first range, up to the next multiple of 2^24.
-- +goose StatementBegin
do $$
declare
    upper bigint;
    stem  text;
begin
    select (coalesce(max(size), 0) / 16777216 + 1) * 16777216 into upper from ledger_origins;
    foreach stem in array array['ledger_entries', 'ledger_checkpoints'] loop
        execute format('alter table %I attach partition %I for values from (0) to (%s)', stem, stem || '_first', upper);
        execute format('alter table %I rename to %I', stem || '_first', stem || '_to_' || upper);
    end loop;
end
$$;
-- +goose StatementEnd

-- Makes sure that two ranges of 2^24 are free above the longest log. Whoever opens or
-- reloads a log calls it; it runs with its owner's rights, because the gateway's role
-- owns no table.
-- +goose StatementBegin
create function ledger_extend() returns void language plpgsql volatile security definer set search_path from current as $$
declare
    width  constant bigint := 16777216;
    needed bigint;
    upper  bigint;
    stem   text;
    part   text;
begin
    select coalesce(max(size), 0) + 2 * width into needed from ledger_origins;
    foreach stem in array array['ledger_entries', 'ledger_checkpoints'] loop
        loop
            select max(substring(child.relname from '_to_(\d+)$')::bigint) into upper
            from pg_inherits join pg_class child on child.oid = inhrelid where inhparent = stem::regclass;
            exit when upper >= needed;
            if not pg_try_advisory_xact_lock(hashtext('kapok.ledger_extend')) then
                perform pg_advisory_xact_lock(hashtext('kapok.ledger_extend'));
                continue; -- somebody else was at it: look again
            end if;
            part := stem || '_to_' || (upper + width);
            execute format('create table %I (like %I including all)', part, stem);
            execute format('alter table %I attach partition %I for values from (%s) to (%s)', stem, part, upper, upper + width);
        end loop;
    end loop;
end
$$;
-- +goose StatementEnd
select ledger_extend();

-- The first index that was sealed in each month (UTC, by the checkpoint's time): what
-- an export or an archive by time goes by. Written by the batch that begins the month.
create table ledger_months (
    origin text collate "C" not null,
    month  date             not null check (extract(day from month) = 1),
    first  bigint           not null check (first >= 0),
    primary key (origin, month)
);
comment on table ledger_months is 'Distribution column: origin.';
insert into ledger_months (origin, month, first)
select origin, month, min(before) from (
    select origin, (substring(note from E'\nsealed (\\d{4}-\\d{2})') || '-01')::date as month,
        lag(size, 1, 0::bigint) over (partition by origin order by size) as before
    from ledger_checkpoints) as head
group by origin, month;

-- An archive: files of the entries from first to below size, written and verified. Some
-- a year.
create table ledger_archives (
    origin      text collate "C" not null,
    first       bigint           not null,
    size        bigint           not null, -- of a checkpoint
    manifest    bytea            not null check (octet_length(manifest) = 32), -- SM3 of manifest.json
    archived_by text             not null,
    archived_at timestamptz      not null,
    primary key (origin, first, size)
);
comment on table ledger_archives is 'Distribution column: origin. Append only; some a year.';

-- What of a log was deleted from the database after it: entries and checkpoints below
-- the highest upto.
create table ledger_prunings (
    origin    text collate "C" not null,
    upto      bigint           not null check (upto > 0),
    pruned_by text             not null,
    pruned_at timestamptz      not null,
    primary key (origin, upto)
);
comment on table ledger_prunings is 'Distribution column: origin. Append only.';

-- What is left of a deleted entry, so that it is found: its columns without itself.
create table ledger_archived (
    origin text collate "C" not null,
    idx    bigint           not null,
    at     timestamptz      not null,
    kind   text collate "C" not null,
    ref    bytea,
    primary key (origin, idx)
);
create index ledger_archived_ref on ledger_archived (ref) where ref is not null;
create index ledger_archived_of_keys on ledger_archived (at) where kind in ('key-enrolled', 'key-revoked');
comment on table ledger_archived is 'Distribution column: origin.';

-- Where every entry stands, in the database or the archive.
create view ledger_places as
    select origin, idx, at, kind, ref from ledger_entries
    union all
    select origin, idx, at, kind, ref from ledger_archived;

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        execute format('revoke all on %s from kapok_gateway', (
            select string_agg(inhrelid::regclass::text, ', ') from pg_inherits
            where inhparent in ('ledger_entries'::regclass, 'ledger_checkpoints'::regclass)));
        grant select, insert on ledger_entries, ledger_checkpoints, ledger_months to kapok_gateway;
        grant select on ledger_archives, ledger_prunings, ledger_archived, ledger_places to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
