-- +goose Up

-- One row per log: one gateway node writes it, by a lease that every batch shows
-- again under the row's lock. The origin '' is no log: it is the book in which
-- every stop stands, also when no log is open yet, and whose lock makes stops and
-- new origins take turns.
create table ledger_origins (
    origin      text collate "C" primary key,
    node        text             not null,
    lease_token text             not null default '',
    lease_until timestamptz      not null default '-infinity',
    size        bigint           not null default 0 check (size >= 0), -- entries
    opened_at   timestamptz      not null default now()
) with (fillfactor = 20); -- updated by every batch: leave room on the page
comment on table ledger_origins is 'Distribution column: origin.';
insert into ledger_origins (origin, node) values ('', '');

-- What happened, as it stands in the tree. Never updated, never deleted. The key
-- holds the index, so that the table can later be cut into ranges of it.
create table ledger_entries (
    origin text collate "C" not null,
    idx    bigint           not null check (idx >= 0),
    at     timestamptz      not null,
    kind   text collate "C" not null,
    ref    bytea            check (octet_length(ref) = 16),
    entry  bytea            not null,
    primary key (origin, idx)
);
alter table ledger_entries alter column entry set storage external; -- hashes do not compress
create index ledger_entries_ref on ledger_entries (ref) where ref is not null;
comment on table ledger_entries is 'Distribution column: origin.';

-- Salts and values of the entries' fields, apart from them, so that they can be
-- erased and the tree still proves the rest.
create table ledger_openings (
    origin   text collate "C" not null,
    idx      bigint           not null,
    openings bytea            not null,
    primary key (origin, idx)
);
comment on table ledger_openings is 'Distribution column: origin.';

-- The citizen's index over all logs: outside the trees, so that an exported log
-- links nobody.
create table ledger_accesses (
    subject_ref text collate "C" not null,
    at          timestamptz      not null,
    origin      text collate "C" not null,
    idx         bigint           not null,
    primary key (subject_ref, at, origin, idx)
);
comment on table ledger_accesses is 'Distribution column: subject_ref.';

-- Hashes of the tree, 256 to a tile: full ones of level 0, and those above it as
-- they grow.
create table ledger_tiles (
    origin text collate "C" not null,
    level  integer          not null check (level between 0 and 7),
    n      bigint           not null check (n >= 0),
    hashes bytea            not null check (octet_length(hashes) between 32 and 8192 and octet_length(hashes) % 32 = 0),
    primary key (origin, level, n)
);
alter table ledger_tiles alter column hashes set storage external;
comment on table ledger_tiles is 'Distribution column: origin.';

-- The signed head after each batch. Never updated, never deleted.
create table ledger_checkpoints (
    origin text collate "C" not null,
    size   bigint           not null check (size > 0),
    key    text collate "C" not null,
    note   text             not null,
    primary key (origin, size)
);
comment on table ledger_checkpoints is 'Distribution column: origin.';

-- The certificates of the keys that signed them, the root last.
create table ledger_keys (
    origin text collate "C" not null,
    key    text collate "C" not null,
    chain  bytea[]          not null,
    primary key (origin, key)
);
comment on table ledger_keys is 'Distribution column: origin.';

-- What was stopped, once for each origin, read by each batch under its origin's
-- lock. size is the origin's when it was stopped: an entry at or past it that rests
-- on what was stopped is a breach.
create table ledger_stops (
    origin     text collate "C" not null,
    kind       text collate "C" not null,
    id         text collate "C" not null,
    size       bigint           not null,
    stopped_at timestamptz      not null default clock_timestamp(),
    primary key (origin, kind, id)
);
comment on table ledger_stops is 'Distribution column: origin.';

-- What may be claimed once on all nodes: nonces, tokens, idempotency keys.
create table ledger_claims (
    owner   text collate "C" not null, -- the caller
    space   text collate "C" not null,
    key     text collate "C" not null,
    digest  bytea            not null check (octet_length(digest) = 32),
    ref     text             not null,
    expires timestamptz      not null,
    primary key (owner, space, key)
);
create index ledger_claims_expires on ledger_claims (expires);
comment on table ledger_claims is 'Distribution column: owner.';

-- Entries of state changes, committed with the change; the next batch of any log
-- seals them, and then entry is null and origin and idx say where.
create table ledger_pending (
    id          text collate "C" primary key,
    queued      bigint           generated always as identity,
    subject_ref text collate "C" not null,
    entry       jsonb,
    origin      text collate "C",
    idx         bigint,
    created_at  timestamptz      not null default now(),
    check ((entry is null) = (idx is not null) and (origin is null) = (idx is null))
);
create index ledger_pending_open on ledger_pending (queued) where idx is null;
create index ledger_pending_settled on ledger_pending (created_at) where idx is not null;
comment on table ledger_pending is 'Distribution column: id.';
