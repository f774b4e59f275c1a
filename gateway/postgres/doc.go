// Package postgres keeps all that Kapok must not forget, in PostgreSQL 15 or
// later: one file per domain, each statement beside the function that sends it.
//
// It must not know HTTP, policies or connectors, and it decides nothing: a store
// says what is written and under which state, the packages above say what that
// means.
//
// # Reading the rooms
//
//   - db.go: the pool; what a server must promise before Kapok uses it
//   - tx.go: the only way to a transaction
//   - migrate.go, migrations/: the schema, forward only
//   - subjects.go, bases.go, keys.go, sessions.go: the stores
//   - resolve.go, loader.go: what one exchange must know before it decides, in one
//     round trip shared with those who ask at the same time
//   - failure.go: which failures mean "try again", which "come back later"
//   - ledger*.go: the tamper-evident log
//   - local/: a private server for a laptop and for trials
//   - pgtest/: a fresh database for each test
//
// # Keys and distribution
//
// The key of every hot table, and every unique constraint on it, starts with the
// column by which the table may later be distributed over several servers: the
// subject, the ledger's origin, the caller, or the row's own random id or hash.
// Statements on the hot path touch one such key each and join none, so that each
// goes to one server.
//
// What was written is not changed: a state is the last of its events, and an event
// is only ever added. Rows that end are ended by a further row or by a date.
package postgres
