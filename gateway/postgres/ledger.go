package postgres

import "kapok/gateway/ledger"

// Ledger keeps the logs of all nodes: it implements [ledger.Store] and what pages
// read of it.
type Ledger struct{ db *DB }

var _ ledger.Store = (*Ledger)(nil)

// Ledger returns the ledger of this database.
func (db *DB) Ledger() *Ledger { return &Ledger{db} }
