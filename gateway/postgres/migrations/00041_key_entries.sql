-- +goose Up

-- What the ledger says of systems' keys: few entries among many, read for evidence.
create index ledger_entries_of_keys on ledger_entries (at) where kind in ('key-enrolled', 'key-revoked');
