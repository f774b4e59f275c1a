package httpapi

import (
	"context"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/editions"
	"kapok/gateway/enrolling"
	"kapok/gateway/exchange"
	"kapok/gateway/grants"
	"kapok/gateway/ledger"
	"kapok/gateway/licence"
	"kapok/gateway/licensing"
	"kapok/gateway/postgres"
	"kapok/gateway/publishing"
	"kapok/gateway/safe"
)

// Logins keeps sign-ins on their way, each to be used once. States are known by
// their hash only.
type Logins interface {
	SaveLogin(ctx context.Context, state [32]byte, login postgres.Login) error
	TakeLogin(ctx context.Context, state [32]byte) (*postgres.Login, error) // nil: unknown, taken before, or too old
}

// Sessions keeps who is signed in, on all nodes. Tokens are known by their hash only.
type Sessions interface {
	BeginSession(ctx context.Context, token [32]byte, session postgres.Session) error
	Session(ctx context.Context, token [32]byte) (*postgres.Session, error) // nil: unknown or ended
	EndSession(ctx context.Context, token [32]byte) error
	OpenSessions(ctx context.Context, token [32]byte) ([]postgres.OpenSession, error)
	EndOwnSession(ctx context.Context, token [32]byte, id string) (found bool, err error)
	EndOtherSessions(ctx context.Context, token [32]byte) error
}

// Subjects knows people by a random reference. One never seen is made.
type Subjects interface {
	SubjectRef(ctx context.Context, identity gateway.Identity) (string, error)
}

// Safe is what people do about access bases. What it returns without an error is
// durable, in the ledger, and in force on every node.
type Safe interface {
	Notice(ctx context.Context, w safe.Wanted) (safe.Notice, error)
	Consent(ctx context.Context, person safe.Person, w safe.Wanted, noticeSM3 string) (basis.Basis, error)
	Withdraw(ctx context.Context, person safe.Person, id string) error // another's is NotFound
	Pause(ctx context.Context, person safe.Person, id string) error
	Resume(ctx context.Context, person safe.Person, id string) error
	Detail(ctx context.Context, person safe.Person, id string) (safe.Detail, error)
	Waiting(ctx context.Context, person safe.Person) ([]safe.Request, []safe.Notice, error)
	GrantRequest(ctx context.Context, person safe.Person, id string, c safe.Consented) (basis.Basis, error)
	RefuseRequest(ctx context.Context, person safe.Person, id string) error
	DeferRequest(ctx context.Context, person safe.Person, id string) error
	Propose(ctx context.Context, staff safe.Person, subjectRef string, w safe.Wanted, u safe.Urgent) (safe.Request, error)
	Approve(ctx context.Context, staff safe.Person, id string) (basis.Basis, error)
	Overdue(ctx context.Context) ([]safe.Erasure, error)
	Govern(ctx context.Context, staff safe.Person, id string, event basis.Event, reason string) (basis.Held, error)
	Present(ctx context.Context, person safe.Person, items []string, purpose string, separate bool) (safe.Shown, error)
	ShowOffline(ctx context.Context, person safe.Person, shown []licence.Metadata, purpose string) (licence.Offline, string, error)
	Presented(ctx context.Context, person safe.Person, id string) (safe.Presentation, error)
	Cancel(ctx context.Context, person safe.Person, id string) error
	Register(ctx context.Context, staff safe.Person, w safe.Wanted, provision string) (basis.Basis, error)
}

// Matters is how a department comes by a right, and how it argues about it. What is
// returned without an error is durable and in the ledger.
type Matters interface {
	Apply(ctx context.Context, p grants.Person, t grants.Terms) (grants.Matter, []grants.Missing, error)
	Complain(ctx context.Context, p grants.Person, c grants.Complaint) (grants.Matter, error)
	AskForUpdate(ctx context.Context, p grants.Person, item, reason string) (grants.Matter, error)
	Act(ctx context.Context, p grants.Person, a grants.Act) (grants.Matter, error)
}

// Desk lists matters and grants, as far as they are shown to a person, and acts on
// grants.
type Desk interface {
	One(ctx context.Context, p grants.Person, id string) (grants.Matter, error)
	List(ctx context.Context, p grants.Person, f grants.Filter, after string, limit int) ([]grants.Matter, string, error)
	ListGrants(ctx context.Context, p grants.Person, f grants.Filter, after string, limit int) ([]grants.Grant, string, error)
	ActOnGrant(ctx context.Context, p grants.Person, act grants.GrantAct) (grants.Grant, error)
}

// Stops are the bureau's emergency stops.
type Stops interface {
	StopAtOnce(ctx context.Context, p grants.Person, kind, target, reason string) (grants.EmergencyStop, error)
	Reopen(ctx context.Context, p grants.Person, id, reason string) (grants.EmergencyStop, error)
	ListStops(ctx context.Context, limit int) ([]grants.EmergencyStop, error)
}

// Keys are those of departments' systems, by two people. What is returned without an error
// is durable, in the ledger, and in force on every node.
type Keys interface {
	Keys(ctx context.Context, by enrolling.Person, system string) ([]exchange.SystemKey, []enrolling.Request, error)
	Propose(ctx context.Context, by enrolling.Person, w enrolling.Wish) (enrolling.Request, error)
	Decide(ctx context.Context, by enrolling.Person, id string, to enrolling.State) (enrolling.Request, error)
	Revoke(ctx context.Context, by enrolling.Person, keyID string) error
	Ending(ctx context.Context, by enrolling.Person, within time.Duration) ([]enrolling.Ending, error)
}

// Publishing is how editions come about, by two people. What it returns without an error
// is durable and in the ledger; what it published is in force on every node.
type Publishing interface {
	Plan(ctx context.Context, d publishing.Draft) (publishing.Planned, error)
	Changes(ctx context.Context, kind string, from, to int64) ([]catalog.Change, error)
	ProposeCatalogue(ctx context.Context, by publishing.Person, d publishing.Draft, reason string) (editions.Proposal, []catalog.Change, error)
	ProposePolicies(ctx context.Context, by publishing.Person, replay, reason string) (editions.Proposal, error)
	Proposal(ctx context.Context, id string) (editions.Proposal, []catalog.Change, error)
	Decide(ctx context.Context, by publishing.Person, id string, to editions.State, reason string) (editions.Proposal, error)
	StartReplay(ctx context.Context, by publishing.Person, files map[string][]byte, days int) (publishing.Replay, error)
}

// Unverified counts releases whose case nobody could confirm.
type Unverified interface {
	UnverifiedUses(ctx context.Context, limit int) ([]exchange.UnverifiedUses, error)
}

// TrialClock is the workflow's clock of a trial, which can be moved on. Advance
// returns when what became due has happened.
type TrialClock interface {
	Now() time.Time
	Advance(ctx context.Context, by time.Duration) error
}

// Licences makes e-licences and ends them; what it returns without an error is durable
// and in the ledger. Another's licence is NotFound.
type Licences interface {
	Register(ctx context.Context, by licensing.Officer, d licensing.Draft, sign bool) (licensing.Licence, error)
	Collect(ctx context.Context, by licensing.Officer, file []byte) (licensing.Licence, error)
	OpenBatch(ctx context.Context, by licensing.Officer, drafts []licensing.Draft) (licensing.Batch, error)
	BatchOf(ctx context.Context, by licensing.Officer, id string) (licensing.Batch, error)
	Sign(ctx context.Context, by licensing.Officer, id string) (licensing.Licence, error)
	Change(ctx context.Context, by licensing.Officer, id string, event licence.Event, a licensing.Amendment) (licensing.Licence, error)
	Abolish(ctx context.Context, by licensing.Officer, id, reason string) (licensing.Licence, error)
	Issued(ctx context.Context, by licensing.Officer, id string) (licensing.Licence, error)
	Of(ctx context.Context, subjectRef string) ([]licensing.Licence, error)
	Own(ctx context.Context, subjectRef, id string) (licensing.Licence, error)
	File(ctx context.Context, l licensing.Licence) ([]byte, error)
	Check(ctx context.Context, by licensing.Officer, file []byte) (licensing.Checked, error)
	SealsEnding(ctx context.Context, within time.Duration) ([]licensing.SealEnd, error)
}

// Bases lists a person's access bases, newest first; next is the after of the page
// that follows.
type Bases interface {
	BasesOf(ctx context.Context, subjectRef, after string, limit int) (page []basis.Held, next string, err error)
}

// Rules is what the desks see of the policies.
type Rules interface {
	Probing(ctx context.Context, since time.Time) ([]postgres.Probing, error)
}

// Record reads the ledger for people.
type Record interface {
	ledger.Archive
	Accesses(ctx context.Context, subjectRef string, before postgres.LedgerPlace, limit int) ([]postgres.LedgerEntry, error)
	Recent(ctx context.Context, before map[string]uint64, limit int) ([]postgres.LedgerEntry, error)
	Find(ctx context.Context, ref string) ([]postgres.LedgerEntry, error)
	Checkpoints(ctx context.Context) ([]string, error)
	Consistency(ctx context.Context, origin string, from uint64) (ledger.Consistency, error)
	Effects(ctx context.Context, from, until time.Time) ([]postgres.Effect, []postgres.Served, error)
}
