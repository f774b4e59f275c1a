-- +goose Up

-- The message store: beside an entry, encrypted, what proves it. The entry's field
-- "messages" commits to the plaintext. Rows are added with the entry, in its batch,
-- never changed, and deleted when their time has come. owner names the key that
-- wraps the record's own key: a subject_ref, or "service:YYYY-MM" where nobody is
-- concerned.
create table ledger_messages (
    origin     text collate "C" not null,
    idx        bigint           not null,
    owner      text collate "C" not null,
    class      text collate "C" not null check (class in ('security', 'use', 'consent')),
    keep_until timestamptz      not null,
    sealed     bytea            not null,
    primary key (origin, idx)
);
alter table ledger_messages alter column sealed set storage external; -- ciphertext does not compress
alter table ledger_messages set (toast_tuple_target = 8160); -- a message fits its page; TOAST would cost four rows and an index more
create index ledger_messages_keep_until on ledger_messages using brin (keep_until); -- next to nothing on the hot path
comment on table ledger_messages is 'Distribution column: origin.';

-- The gateway's signature of each release, which is made after the outcome is
-- sealed and so cannot be committed to by it. Written in bulk, a moment later.
create table ledger_releases (
    ref        bytea            not null check (octet_length(ref) = 16),
    owner      text collate "C" not null,
    class      text collate "C" not null check (class in ('security', 'use', 'consent')),
    keep_until timestamptz      not null,
    sealed     bytea            not null,
    primary key (ref)
);
alter table ledger_releases alter column sealed set storage external;
create index ledger_releases_keep_until on ledger_releases using brin (keep_until);
comment on table ledger_releases is 'Distribution column: ref.';

-- Keys of persons, wrapped by the key service's key-encryption key. A person's
-- record key is destroyed by deleting its row.
create table person_keys (
    owner      text collate "C" not null, -- a subject_ref, or "service:YYYY-MM"
    use        text collate "C" not null,
    wrapped    bytea            not null,
    created_at timestamptz      not null default now(),
    primary key (owner, use)
);
comment on table person_keys is 'Distribution column: owner.';

-- +goose StatementBegin
do $$
begin
    if exists (select from pg_roles where rolname = 'kapok_gateway') then
        grant select, insert, delete on ledger_messages, ledger_releases to kapok_gateway;
        grant select, insert, update (wrapped), delete on person_keys to kapok_gateway;
    end if;
end
$$;
-- +goose StatementEnd
