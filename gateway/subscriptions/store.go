package subscriptions

import (
	"context"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway/ledger"
)

// Subscription is a subscription as it stands.
type Subscription struct {
	ID         string
	System     string
	Department string
	Item       string
	Ended      bool
	Placed     time.Time
	Order      []byte // sealed: who ordered what
	Counts     Counts
}

// Counts are the pushes of a subscription, and its cases.
type Counts struct {
	Cases     int `json:"cases"`
	Waiting   int `json:"waiting"`
	Delivered int `json:"delivered"`
	Dead      int `json:"dead"`
	Refused   int `json:"refused"`
}

// Case is one case as it is kept.
type Case struct {
	SubjectRef string
	Sealed     []byte
}

// PushState is how a push stands.
type PushState string

// The states of a push.
const (
	Waiting   PushState = "waiting"
	Delivered PushState = "delivered"
	Dead      PushState = "dead"     // the receiver did not take it, again and again
	Refused   PushState = "refused"  // the path refused; nothing left
	Requeued  PushState = "requeued" // was dead, and goes out again under another number
)

// Push is one message to be delivered about one case.
type Push struct {
	Subscription Subscription
	Position     int   // of the case in its order
	Seq          int64 // within the case, from 1
	Attempts     int   // this one included
	Case         []byte

	State PushState
	Due   time.Time // waiting: not before
	Code  string    // of the last failure
	Ref   string    // of the last exchange
}

// Letter is a push as its system sees it.
type Letter struct {
	Position int       `json:"position"`
	Seq      int64     `json:"sequence"`
	State    PushState `json:"state"`
	Attempts int       `json:"attempts"`
	Code     string    `json:"code"`
	Since    time.Time `json:"since"`
}

// Store keeps subscriptions. Each change is one transaction with its entry for the
// ledger, or with the job that it makes.
type Store interface {
	Subscribe(ctx context.Context, s Subscription, cases []Case, key keys.WrappedKey, entry ledger.Entry) (pending string, err error)
	Subscription(ctx context.Context, id string) (Subscription, error) // NotFound, subscription-unknown
	SubscriptionKey(ctx context.Context, id string) (keys.WrappedKey, error)
	End(ctx context.Context, id string, entry ledger.Entry) (pending string, err error)
	DeadLetters(ctx context.Context, id string, limit int) ([]Letter, error)
	Redeliver(ctx context.Context, id string, entry ledger.Entry) (pending string, err error)

	// Announce takes a change of an item for people in.
	Announce(ctx context.Context, item string, subjects []string, entry ledger.Entry) (pending string, err error)
	// Spread makes the pushes of one change; false where there is none to spread.
	Spread(ctx context.Context, now time.Time) (found bool, err error)

	// TakePush hands the next push of a case to a node until a time; nil for none.
	TakePush(ctx context.Context, id string, position int, now, until time.Time) (*Push, error)
	// Settle keeps what became of a push, and makes the job for what comes next.
	Settle(ctx context.Context, p Push, now time.Time) error
}
