package returns

import (
	"context"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
)

// Deliveries keeps what is known of each delivery. Every change is one transaction
// with its entry for the ledger; the pending entry's id comes back, "" where nothing
// was to be changed.
type Deliveries interface {
	// Announce takes in a manifest. The same one again is found, not made; one whose
	// version or times do not follow the last is a Conflict.
	Announce(ctx context.Context, announced Delivery, offered map[keys.Use]keys.WrappedKey) (Delivery, string, error)
	// Delivery finds one; NotFound, return-unknown.
	Delivery(ctx context.Context, id string) (Delivery, error)
	// Deliveries lists those of a dataset, the latest first; "": of all.
	Deliveries(ctx context.Context, dataset string, limit int) ([]Delivery, error)
	// Refuse ends a delivery that breaks rules, and drops what was landed of it.
	Refuse(ctx context.Context, id string, found Findings, actor string, at time.Time) (string, error)
	// Reconciled notes what reconciliation found.
	Reconciled(ctx context.Context, id string, report Report, actor string, at time.Time) (string, error)
	// Destroy drops rows and, with the last delivery of a generation, its key.
	Destroy(ctx context.Context, id string, order Order, at time.Time) (Destruction, string, error)
}

// Landings keeps rows on their way.
type Landings interface {
	Rows
	// Alone runs work while nobody else works on the dataset, on any node; a Conflict,
	// return-busy, when somebody does.
	Alone(ctx context.Context, dataset string, work func(ctx context.Context) error) error
	// Begin makes a delivery's table where there is none, and says how far it came.
	Begin(ctx context.Context, delivery Delivery, d *Dataset) (Progress, error)
	// Progress says how far a landing came, for whoever looks on.
	Progress(ctx context.Context, id string) (Progress, error)
	// Settle indexes what was landed, joins it with the version in force where it is
	// incremental, and compares. What cannot be is among the findings.
	Settle(ctx context.Context, delivery Delivery, d *Dataset, landed Progress) (Report, Findings, error)
}

// KeyStore keeps wrapped keys; gateway/messages has the same.
type KeyStore interface {
	PersonKey(ctx context.Context, owner string, use keys.Use) (keys.WrappedKey, error)
}

// Uploads keeps the files of deliveries while they arrive, each piece sealed.
type Uploads interface {
	// Uploaded says how many bytes of a file arrived.
	Uploaded(ctx context.Context, id string, file int) (int64, error)
	// Add puts a piece at the end of what arrived. A Conflict, return-offset, when that
	// end is not where the piece begins; return-state, when the delivery is received no
	// more.
	Add(ctx context.Context, id string, file int, piece Piece) error
	// Piece finds the piece that holds a byte; none where nothing arrived of it.
	Piece(ctx context.Context, id string, file int, at int64) (*Piece, error)
	// Awaiting lists the deliveries that are received and not landed, the oldest first.
	Awaiting(ctx context.Context) ([]Delivery, error)
}

// Proposals keeps what one person wants done with a delivery until another decides.
type Proposals interface {
	// Propose keeps a proposal; a Conflict, return-proposed, where the same is proposed.
	Propose(ctx context.Context, p Proposal) (pendingID string, err error)
	// Decide ends a proposal and, where it is confirmed, does what it says, in one
	// transaction. NotFound, return-proposal-unknown.
	Decide(ctx context.Context, d Decision) (Proposal, string, error)
	// Proposals lists them, the latest first.
	Proposals(ctx context.Context, limit int) ([]Proposal, error)
}

// Applications keeps who asked for a dataset of the return list.
type Applications interface {
	Apply(ctx context.Context, a Application) (pendingID string, err error)
	// Applications lists them, the latest first.
	Applications(ctx context.Context, limit int) ([]Application, error)
}

// Store is all that is kept.
type Store interface {
	Deliveries
	Landings
	KeyStore
	Uploads
	Proposals
	Applications
	// Expired lists the deliveries that are kept past their time.
	Expired(ctx context.Context, now time.Time) ([]Delivery, error)
}

// Providers finds the keys by which providers sign. It returns the system that a key
// is enrolled for; an unknown or ended key is an error.
type Providers interface {
	ProviderKey(ctx context.Context, keyID string) (system string, public *sm.PublicKey, err error)
}

// Order is who destroys a delivery, and why. Two persons are needed.
type Order struct{ Actor, Second, Reason string }

// Destruction is what was destroyed; the ledger's entry says the same.
type Destruction struct {
	Delivery  string    `json:"delivery"`
	Dataset   string    `json:"dataset"`
	Version   int       `json:"version"`
	Manifest  string    `json:"manifest"` // SM3
	Content   string    `json:"content"`  // of the report
	Rows      int64     `json:"rows"`
	Key       string    `json:"key"` // SM3 of the wrapped key that was destroyed; "" where others need it still
	At        time.Time `json:"at"`
	PendingID string    `json:"-"`
}
