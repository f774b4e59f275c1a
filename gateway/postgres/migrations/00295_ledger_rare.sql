-- +goose Up

-- Entries of few among many that somebody looks for by their kind: what the ledger says
-- of systems' keys, and which checkpoints were sealed again. One index for both, because
-- every entry is asked whether it belongs there.
create index ledger_entries_rare on ledger_entries (at) where kind in ('key-enrolled', 'key-revoked', 'checkpoint-resealed');
create index ledger_archived_rare on ledger_archived (at) where kind in ('key-enrolled', 'key-revoked', 'checkpoint-resealed');
drop index ledger_entries_of_keys;
drop index ledger_archived_of_keys;
