package ledger

import (
	"context"
	"iter"
	"time"
)

// AuditSource is a database as it stands, read at one moment. Whatever it returns is
// believed in nothing.
type AuditSource interface {
	// Origins lists every log.
	Origins(ctx context.Context) ([]AuditOrigin, error)
	// Strays says what belongs to no log, or lacks in one, and is no part of any log's
	// own tables.
	Strays(ctx context.Context) ([]Altered, error)
	// Erased returns what tells whether a sealed entry says that a person was erased.
	Erased(ctx context.Context) (func(subject string) bool, error)
	// Rows, Accesses, Heads, LowTiles and Messages are in ascending order of their index or size.
	Rows(ctx context.Context, origin string) iter.Seq2[AuditRow, error]
	Accesses(ctx context.Context, origin string) iter.Seq2[AuditAccess, error]
	Heads(ctx context.Context, origin string) iter.Seq2[AuditHead, error]
	LowTiles(ctx context.Context, origin string) iter.Seq2[Tile, error] // of level 0
	Messages(ctx context.Context, origin string) iter.Seq2[AuditMessage, error]
	HighTiles(ctx context.Context, origin string) ([]Tile, error)
	Keys(ctx context.Context, origin string) ([]KeyChain, error)
	// Stops and Editions are in ascending order of their numbers.
	Stops(ctx context.Context, origin string) ([]AuditStop, error)
	Editions(ctx context.Context, origin string) ([]AuditEdition, error)
	// Months says with which index each month (its first day, UTC) began.
	Months(ctx context.Context, origin string) (map[time.Time]uint64, error)
	// Open lists the references of unsettled intents.
	Open(ctx context.Context, origin string) ([]string, error)
}

// AuditOrigin is a log as the book of logs has it.
type AuditOrigin struct {
	Origin  string
	Size    uint64
	Retired bool
}

// AuditRow is a stored entry.
type AuditRow struct {
	Index    uint64
	At       time.Time
	Kind     Kind
	Ref      string
	Entry    []byte
	Openings []byte // nil: none are stored
}

// AuditAccess is a row of the citizens' index.
type AuditAccess struct {
	Index   uint64
	Subject string
	At      time.Time
}

// AuditHead is a stored checkpoint.
type AuditHead struct {
	Size uint64
	Key  string
	Note string
}

// Altered is something that is not as the log's own evidence says.
type Altered struct {
	Origin string
	Where  string // "entry 17", "checkpoint 300", "tile 1/0"
	What   string // one clause; holds no field's value
}
