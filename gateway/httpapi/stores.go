package httpapi

import (
	"context"
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

// Session is a person who is signed in.
type Session struct {
	SubjectRef string   // of a citizen; "" for staff
	Issuer     string   // who signed them in
	Subject    string   // the identity provider's name for a member of staff; "" for a citizen
	Roles      []string // of Role
	AuthLevel  string   // how sure the provider is of the person: L0 to L3
	Expires    time.Time
}

// citizen and staff are the person as the rest of Kapok names them.
func (s *Session) citizen() safe.Person { return safe.Person{Ref: s.SubjectRef, Level: s.AuthLevel} }
func (s *Session) staff() safe.Person   { return safe.Person{Ref: s.Subject, Level: s.AuthLevel} }

func (s *Session) has(role Role) bool { return slices.Contains(s.Roles, string(role)) }

// Login is what has to match when a person comes back from the identity provider.
type Login struct {
	BrowserHash [32]byte
	Nonce       string
	Verifier    string // PKCE
	ReturnTo    string // a local path
	Expires     time.Time
}

// Sessions keeps who is signed in, on all nodes. Tokens and states are known to it by
// their hash only.
type Sessions interface {
	SaveLogin(ctx context.Context, state [32]byte, login Login) error
	TakeLogin(ctx context.Context, state [32]byte) (*Login, error) // nil: unknown or taken before
	Begin(ctx context.Context, token [32]byte, session Session) error
	Session(ctx context.Context, token [32]byte) (*Session, error) // nil: unknown or ended
	End(ctx context.Context, token [32]byte) error
}

// Subjects knows people by a random reference. One never seen is made.
type Subjects interface {
	SubjectRef(ctx context.Context, identity gateway.Identity) (string, error)
}

// Safe is what people do about access bases. What it returns without an error is
// durable, in the ledger, and in force on every node.
type Safe interface {
	Notice(w safe.Wanted) (safe.Notice, error)
	Consent(ctx context.Context, person safe.Person, w safe.Wanted, noticeSM3 string) (basis.Basis, error)
	Withdraw(ctx context.Context, person safe.Person, id string) error // another's is NotFound
	Register(ctx context.Context, staff safe.Person, w safe.Wanted, provision string) (basis.Basis, error)
}

// Held is an access basis with the state that its events led to.
type Held struct {
	Basis basis.Basis
	State basis.State
}

// Bases lists a person's access bases, newest first.
type Bases interface {
	OfSubject(ctx context.Context, subjectRef string) ([]Held, error)
}

// Record reads the ledger for people.
type Record interface {
	ledger.Archive
	Accesses(ctx context.Context, subjectRef string, before postgres.LedgerPlace, limit int) ([]postgres.LedgerEntry, error)
	Recent(ctx context.Context, before map[string]uint64, limit int) ([]postgres.LedgerEntry, error)
	Checkpoints(ctx context.Context) ([]string, error)
}
