package enrolling

import (
	"slices"
	"time"

	"kapok/crypto/jose"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Person is who is signed in, with their department and roles as the catalogue's list of
// staff has them.
type Person struct {
	gateway.Account
	Department string
	Roles      []string
}

// officers are the roles that look after a department's keys.
var officers = []string{"consumer", "provider", "approver", "bureau"}

func (p Person) officer() bool {
	return slices.ContainsFunc(officers, func(role string) bool { return slices.Contains(p.Roles, role) })
}

// Request is a key that a department wants for one of its systems.
type Request struct {
	ID          string // 32 hex digits
	System      string
	Public      *sm.PublicKey
	From, Until time.Time     // Until is exclusive; From zero: from its confirmation
	Replaces    string        // the key that ends when the overlap does; "" for none
	Overlap     time.Duration // whole hours
	ProposedBy  Person
	ProposedAt  time.Time
	State       State
	DecidedBy   Person
	DecidedAt   time.Time
}

// KeyID is the thumbprint by which the key will be known.
func (r Request) KeyID() string { return jose.NewJWK("", r.Public).Thumbprint() }

// State is what became of a request.
type State string

// The states of a request. Only one that was proposed is decided.
const (
	Proposed  State = "proposed"
	Enrolled  State = "confirmed"
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn" // by whoever proposed it
)

const (
	requestLife = 7 * 24 * time.Hour // to be confirmed within
	longestKey  = 3 * 366 * 24 * time.Hour
	latestStart = 90 * 24 * time.Hour

	// MinOverlap is longer than a node keeps what it knows of a key, so that every node
	// knows the end of the old key before it comes.
	MinOverlap = time.Hour
	maxOverlap = 90 * 24 * time.Hour
)

// check holds a request against the rules that need nothing but the time.
func (r Request) check(now time.Time) error {
	from := r.From
	if from.IsZero() {
		from = now
	}
	for _, rule := range []struct {
		broken      bool
		field, says string
	}{
		{r.From.Before(now.Add(-time.Minute)) && !r.From.IsZero(), "/from", "A key does not begin in the past."},
		{from.Sub(now) > latestStart, "/from", "A key begins within 90 days."},
		{!r.Until.After(from), "/until", "A key ends after it begins."},
		{r.Until.Sub(from) > longestKey, "/until", "A key ends within three years of its beginning."},
		{(r.Replaces == "") != (r.Overlap == 0), "/overlap_hours", "An overlap is given for a key that is replaced, and only then."},
		{r.Overlap != 0 && (r.Overlap < MinOverlap || r.Overlap > maxOverlap), "/overlap_hours", "The overlap is 1 to 2160 hours; a key that has to end now is revoked."},
		{r.Replaces == r.KeyID(), "/replaces", "A key does not replace itself."},
	} {
		if rule.broken {
			return wrong(rule.field, rule.says)
		}
	}
	return nil
}

// judge says whether a person may bring a request into a state.
func (r Request) judge(by Person, to State, now time.Time) error {
	switch {
	case r.State != Proposed:
		return gateway.Fail(gateway.Conflict, "key-request-decided", "This request for a key was decided before.")
	case to == Withdrawn && !r.ProposedBy.Same(by.Account):
		return gateway.Fail(gateway.Forbidden, "not-your-proposal", "Only who proposed a key withdraws it; others reject it.")
	case to != Enrolled:
		return nil
	case r.ProposedBy.Same(by.Account):
		failure := gateway.Fail(gateway.Forbidden, "same-person", "Who proposed a key does not confirm it; another person of the department has to.")
		failure.Remedy = "Ask a colleague of the same department to sign in and confirm it."
		return failure
	case now.Sub(r.ProposedAt) >= requestLife || !r.Until.After(now):
		return gateway.Fail(gateway.Conflict, "key-request-lapsed", "The request was not confirmed within seven days, or the key would have ended by now; propose it again.")
	}
	return nil
}

// Entry is what the ledger keeps of a step of a request; a confirmation names both people.
func (r Request) Entry() ledger.Entry {
	actor, at := r.ProposedBy.Ref, r.ProposedAt
	fields := []ledger.Field{
		{Name: "system", Value: r.System},
		{Name: "key", Value: r.KeyID()},
		{Name: "replaces", Value: r.Replaces},
	}
	if r.State != Proposed {
		actor, at = r.DecidedBy.Ref, r.DecidedAt
		fields = append(fields, ledger.Field{Name: "proposed-by", Value: r.ProposedBy.Ref})
	}
	return ledger.Entry{Kind: ledger.Kind("key-" + string(r.State)), Ref: r.ID, At: at, Fields: append(fields, ledger.Field{Name: "actor", Value: actor})}
}

// Starts is when a confirmed key begins.
func (r Request) Starts() time.Time {
	if r.From.After(r.DecidedAt) {
		return r.From
	}
	return r.DecidedAt
}

// Overlaps is when the key that is replaced ends.
func (r Request) Overlaps() time.Time { return r.Starts().Add(r.Overlap) }

// replaceable finds the key that is to be replaced among those of its system.
func replaceable(keys []exchange.SystemKey, id string, now time.Time) bool {
	return slices.ContainsFunc(keys, func(k exchange.SystemKey) bool {
		return k.KeyID == id && !k.Revoked && (k.Until.IsZero() || k.Until.After(now))
	})
}

func wrong(field, rule string) error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule)
	failure.Field = field
	return failure
}
