package ledger

import (
	"context"
	"errors"
	"time"
)

// Store is the database of a log.
type Store interface {
	Origins
	Archive
	Endings
}

// Errors that a [Store] must return as such.
var (
	// ErrLeaseHeld: another node holds the origin, and its lease has not ended.
	ErrLeaseHeld = errors.New("ledger: another node holds the lease of this origin")
	// ErrLeaseLost: the origin's lease is not the one shown.
	ErrLeaseLost = errors.New("ledger: the lease of this origin is held by another")
	// ErrMoved: the origin's size is not the one expected.
	ErrMoved = errors.New("ledger: the origin is not of the size expected")
	// ErrFound: something stands in the way of a batch that took it for granted that
	// nothing does.
	ErrFound = errors.New("ledger: something stands in the way of a batch")
	// ErrNotSent: the database could not be reached, and nothing was written.
	ErrNotSent = errors.New("ledger: the batch did not reach the database")
	// ErrNoEntry: nothing is sealed at that place.
	ErrNoEntry = errors.New("ledger: no such entry")
)

// Origins is where logs grow. One [Log] at a time writes to an origin; the store
// makes sure of it by the lease and the size, both under the origin's lock.
type Origins interface {
	// Take makes the lease the origin's only one, for as long as it says, and
	// creates the origin where there is none: then with a copy of every stop marker
	// and edition there is, none being lost that is written at the same time. It fails
	// with ErrLeaseHeld while the unexpired lease of another node stands; a lease
	// of the same node gives way. It fails with ErrRetired when the origin is final.
	Take(ctx context.Context, lease Lease) error

	// Renew prolongs the lease from now; a duration of zero gives it up. It fails
	// with ErrLeaseLost when the origin has another.
	Renew(ctx context.Context, lease Lease) error

	// Load returns where the origin stands. It waits for a commit under way, and
	// fails with ErrLeaseLost when the origin has another lease.
	Load(ctx context.Context, lease Lease) (State, error)

	// Begin opens the transaction of one batch: it locks the origin, fails with
	// ErrLeaseLost or ErrMoved where lease or size differ, and then, in statements
	// that see everything committed before the lock was had, looks up the stops
	// and editions, makes the claims, and locks pending entries. Nothing is durable before
	// Commit. When it fails, nothing was written.
	Begin(ctx context.Context, lease Lease, ask Ask) (Batch, Read, error)

	// Seal is Begin and Commit in one, for a batch that takes it for granted that
	// nothing is stopped, every claim is free and the editions are in force; it looks
	// for no pending entries. It checks that under the lock as Begin does, and fails
	// with ErrFound where it is not so, with ErrLeaseLost, ErrMoved or ErrNotSent: then
	// nothing was written. When it fails otherwise, nobody knows.
	Seal(ctx context.Context, lease Lease, ask Ask, w Write) error
}

// Batch is an open transaction. It is ended by one call of Commit or Discard.
type Batch interface {
	// Commit writes and commits. When it returns nil, everything is durable; when
	// it fails, nobody knows.
	Commit(ctx context.Context, w Write) error
	// Discard rolls back.
	Discard(ctx context.Context)
}

// Archive is what was sealed.
type Archive interface {
	// Stored returns the entry and the first checkpoint that covers it;
	// ErrNoEntry when there is none.
	Stored(ctx context.Context, origin string, index uint64) (Stored, error)
	// Tiles returns the tiles as they are now, in the order asked for. One that
	// is not full may be short or empty.
	Tiles(ctx context.Context, origin string, ids []TileID) ([]Tile, error)
}

// Lease is the right to write to an origin.
type Lease struct {
	Origin, Node string
	Token        string // random, new for each [Log]: the fence
	For          time.Duration
}

// State is where an origin stands.
type State struct {
	Size       uint64
	Checkpoint string // the last; "" when the log is empty
	Edge       []Tile // as EdgeTiles(Size) lists them; those without a hash may be empty
}

// Ask is what a batch wants to know and to claim.
type Ask struct {
	Size     uint64    // of the log, as the writer believes
	Now      time.Time // a claim that expired before may be taken over
	Stops    []Stop    // each once
	Claims   []Claim   // each once, in ascending order of owner, space and key, so that batches do not wait in a circle
	Editions []Edition // each once
	Pending  int       // how many pending entries to take at most; 0: do not look
	Awaited  []string  // pending entries that somebody waits for: tell when they are sealed already
}

// Read is the answer to an [Ask].
type Read struct {
	Stopped  []Stop
	Taken    []Taken
	Editions []Edition // in force, of the kinds asked for; one of which none was published is left out
	Pending  []Pending // locked for this batch; those that others hold are left out
	Settled  []Settled
}

// Pending is the entry of a state change, committed with the change and not yet
// sealed.
type Pending struct {
	ID      string
	Entry   Entry
	Subject string
}

// Settled is where a pending entry was sealed.
type Settled struct {
	ID     string
	Known  bool // false: there is no such pending entry
	Origin string
	Index  uint64
}

// Write is what a batch adds. All of it belongs to the lease's origin.
type Write struct {
	Rows       []Row
	Release    []Claim   // that were made for this batch and are given back
	Tiles      []Tile    // new, or grown: they replace what is there
	First      uint64    // index of the first row: the size before the batch
	Month      time.Time // that begins with this batch (UTC); the zero time: none
	Size       uint64    // after the batch
	Checkpoint string
	Key        string   // names the operational key
	Chain      [][]byte // of the key, root last; nil when it is stored already
}

// Row is one entry to be stored.
type Row struct {
	Index    uint64
	At       time.Time
	Kind     Kind
	Ref      string
	Entry    []byte // encoded
	Openings []byte // packed
	Subject  string // "" for none
	Pending  string // the pending entry that it settles; "" for none

	Attachment *Attachment // nil: none
	Aside      *Aside      // nil: none
}

// Stored is one entry with what proves it.
type Stored struct {
	Entry      []byte
	Openings   []byte // packed; nil when they were erased
	Checkpoint string
	Chain      [][]byte // of the checkpoint's key, root last
}
