package exchange

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"kapok/connectors"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/gateway/messages"
	"kapok/gateway/predicate"
)

// Keys finds the keys of departments' systems. An unknown key is [ErrUnknownKey].
type Keys interface {
	SystemKey(ctx context.Context, keyID string) (SystemKey, error)
}

// Resolver finds, in one round trip, the subject_ref of an identity and the access
// basis that a request names. A subject never seen is made; a basis that does not
// exist is the zero Resolved.Basis with Found false, not an error.
type Resolver interface {
	Resolve(ctx context.Context, subject gateway.Identity, basisID string) (Resolved, error)
}

// Resolved is what a [Resolver] found.
type Resolved struct {
	SubjectRef string
	Basis      basis.Basis
	State      basis.State
	Found      bool // the basis exists

	BasisDocument []byte // as it was signed
}

// Ledger records. What Append returns is durable; what it refuses to record may not
// leave. Settled says that nothing more will come of an intent.
type Ledger interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
	Settled(ref string)
}

// Messages keeps what proves a use, encrypted. What Seal returns goes with the entry
// that commits to it.
type Messages interface {
	Seal(ctx context.Context, subjectRef string, class messages.Class, message []byte) (*ledger.Attachment, error)
}

// Releases keeps the signature of a release after it left; Keep does not wait.
type Releases interface {
	Keep(ref, subjectRef string, message func() ([]byte, error))
}

// Sources finds what serves an item, by the item's code.
type Sources interface {
	Source(item string) (Source, bool)
}

// Source is a connector with the time it is given for one question.
type Source struct {
	connectors.Connector
	Timeout     time.Duration
	ByReference bool // it asks by Kapok's own reference, so that the basis can say whom it is about
}

// Tests remembers what was tested of whom, so that a value cannot be searched out.
// TryTest notes a try and reports whether it is within [predicate.Book]'s bounds.
type Tests interface {
	TryTest(ctx context.Context, try predicate.Try) (within bool, err error)
}

// Uses counts the uses of bases that have a limit, exactly, over all nodes.
type Uses interface {
	ReserveBasisUse(ctx context.Context, b basis.Basis, ref string, day, at time.Time) (within bool, err error)
	ReturnBasisUse(ctx context.Context, id, ref string) error
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Node          string                          // which machine this is, for entries that close an intent
	PublicURL     string                          // under which callers reach every node, without a slash at the end
	Live          Live                            // in force at first; see [Service.Adopt]
	Refresh       func(ctx context.Context) error // adopts the editions in force
	Keys          Keys
	Resolver      Resolver
	Bases         Bases // for protocols that name none
	Ledger        Ledger
	Record        Record
	Messages      Messages
	Releases      Releases
	Tests         Tests
	Uses          Uses
	Violations    Violations
	Presentations Presentations
	Consents      Consents
	Erasures      Erasures
	Grants        Grants
	Cases         Cases
	Confirmations Confirmations
	Secret        func(ctx context.Context, name string) (string, error)           // of the key store: the gateways' tokens
	Drain         func(ctx context.Context, pending string) (ledger.Sealed, error) // seals what was committed
	Signing       func() keys.Signing                                              // the operational key in force
	Roots         [][]byte                                                         // DER of the roots that operational certificates chain to
	Verifier      *sm.Verifier
	Now           func() time.Time
	Log           *slog.Logger
}

// Service is the one path, ready to be walked by many callers at once.
type Service struct {
	node          string
	publicURL     string
	live          atomic.Pointer[snapshot]
	refresh       func(ctx context.Context) error
	keys          Keys
	resolver      Resolver
	bases         Bases
	ledger        Ledger
	record        Record
	messages      Messages
	releases      Releases
	tests         Tests
	uses          Uses
	violations    Violations
	presentations Presentations
	consents      Consents
	erasures      Erasures
	asking        askLimits
	issued        *issued
	limits        *limits
	cases         Cases
	confirmations Confirmations
	secret        func(ctx context.Context, name string) (string, error)
	drain         func(ctx context.Context, pending string) (ledger.Sealed, error)
	signing       func() keys.Signing
	verifier      *sm.Verifier
	issuers       *issuers
	now           func() time.Time
	log           *slog.Logger

	signer      atomic.Pointer[thumbprint] // of the key that signed last
	caseSources sync.Map                   // [2]string{department, service item} → true

	knownKeys  sync.Map // key id → keptKey; grows with the enrolled keys only
	unadmitted *rate.Limiter
	unrecorded uncounted
}

// New builds the path. It refuses policies that name what the catalogue does not
// hold.
func New(c Config) (*Service, error) {
	issuers, err := newIssuers(c.Roots, c.Verifier)
	if err != nil {
		return nil, err
	}
	s := &Service{
		node: c.Node, publicURL: c.PublicURL, refresh: c.Refresh, keys: c.Keys,
		resolver: c.Resolver, bases: c.Bases, ledger: c.Ledger, record: c.Record, messages: c.Messages, releases: c.Releases,
		tests: c.Tests, uses: c.Uses, violations: c.Violations, presentations: c.Presentations, consents: c.Consents, erasures: c.Erasures,
		issued: newIssued(c.Grants),
		limits: newLimits(c.Grants),
		cases:  c.Cases, confirmations: c.Confirmations, secret: c.Secret, drain: c.Drain,
		signing:  c.Signing,
		verifier: c.Verifier, issuers: issuers, now: c.Now, log: c.Log,
		unadmitted: rate.NewLimiter(unadmittedPerSecond, unadmittedBurst),
	}
	return s, s.Adopt(c.Live)
}
