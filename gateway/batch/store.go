package batch

import (
	"context"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway/ledger"
)

// State is how a batch stands.
type State string

// The states. Rows and key are gone in the last two.
const (
	Running State = "running"
	Ended   State = "done"    // everybody was asked about
	Closed  State = "closed"  // and everything was fetched
	Expired State = "expired" // its time was up
)

// Batch is a batch as it stands.
type Batch struct {
	ID         string
	Kind       Kind
	System     string
	Department string
	State      State
	Placed     time.Time
	Expires    time.Time
	Order      []byte // sealed: who ordered what
	Counts     Counts
}

// Counts are the people of a batch.
type Counts struct {
	Subjects int `json:"subjects"`
	Waiting  int `json:"waiting"`
	Released int `json:"released"`
	Refused  int `json:"refused"` // by the path, or because their source failed again and again
	Fetched  int `json:"fetched"` // of those released or refused
}

// Member is one person's place in a batch.
type Member struct {
	Position int
	Asked    []byte // sealed
	Attempts int

	State  MemberState
	Due    time.Time // waiting: not before
	Code   string    // refused: why
	Result []byte    // sealed
}

// MemberState is how far one person's question came.
type MemberState string

// The states of a member.
const (
	MemberWaiting  MemberState = "waiting"
	MemberReleased MemberState = "released"
	MemberRefused  MemberState = "refused"
)

// Store keeps batches. Each change is one transaction with its entry for the ledger.
type Store interface {
	Place(ctx context.Context, b Batch, asked [][]byte, key keys.WrappedKey, entry ledger.Entry) (pending string, err error)
	Batch(ctx context.Context, id string) (Batch, error) // NotFound, batch-unknown
	BatchKey(ctx context.Context, id string) (keys.WrappedKey, error)

	// Take hands a running batch that nobody works on to a node, until a time; "" for none.
	Take(ctx context.Context, node string, now, until time.Time) (id string, err error)
	// Waiting lists those whose time has come; more says that others wait for theirs.
	Waiting(ctx context.Context, id string, now time.Time, limit int) (due []Member, more bool, err error)
	// Keep keeps what became of members and holds the batch until a time. It changes
	// nothing where another node has it by now.
	Keep(ctx context.Context, id, node string, until time.Time, members []Member) error
	// Finish ends a batch of which nobody waits.
	Finish(ctx context.Context, id string, entry ledger.Entry) (pending string, err error)

	// Unfetched lists results that were not fetched, by position.
	Unfetched(ctx context.Context, id string, limit int) ([]Member, error)
	// Fetched forgets results, and with the last one the whole batch, but for its counts.
	Fetched(ctx context.Context, id string, positions []int, at time.Time) error
	// Expire forgets a batch whose time is up; false for none.
	Expire(ctx context.Context, now time.Time, entry func(Batch) ledger.Entry) (pending string, found bool, err error)
}
