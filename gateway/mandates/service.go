package mandates

import (
	"context"
	"errors"
	"slices"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Store keeps mandates; each change is one transaction with its entries for the ledger,
// the principal's and the agent's. EndMandate invalidates what was granted under it in the
// same transaction; ended twice, it answers the same with no pending entry.
type Store interface {
	InsertMandate(ctx context.Context, m Mandate) (pending string, err error)
	ConfirmMandate(ctx context.Context, id string, by gateway.Account, at time.Time) (Mandate, string, error)
	EndMandate(ctx context.Context, id, by string, at time.Time) (pending string, err error)
	Mandate(ctx context.Context, id string) (Mandate, error) // NotFound, mandate-unknown
	MandatesOf(ctx context.Context, subjectRef string) ([]Mandate, error)
	ProposedMandates(ctx context.Context) ([]Mandate, error)
	MandatesOver(ctx context.Context, now time.Time) ([]string, error)
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Store   Store
	Catalog func() *catalog.Catalog
	Log     Log
	Now     func() time.Time
}

// Service gives, uses and ends mandates.
type Service struct{ Config }

// New builds the service.
func New(c Config) *Service { return &Service{c} }

// Person is who is signed in.
type Person struct {
	Ref       string // subject_ref
	Level     string
	Assertion func(digest string) string // SM3 of the assertion of a sign-in for exactly this; "": there was none
}

// Wish is what a principal wants of an agent, or what an officer registers.
type Wish struct {
	Agent   string // subject_ref
	Named   string // how the principal named the agent: what they typed, for the text they read
	Matters []string
	Powers  []Power
	Until   time.Time
}

// Notice words what a principal reads before they appoint an agent, with the digest that
// they sign in for.
func (s *Service) Notice(person Person, w Wish) (text, digest string, err error) {
	m, names, err := s.draft(person.Ref, Agent, w)
	if err != nil {
		return "", "", err
	}
	text = m.Text(w.Named, names)
	return text, Digest(text), nil
}

// Appoint makes an agent of a person's: after a sign-in for exactly the text whose digest
// it is. A person who acts for another appoints nobody for them: there is no way to say so.
func (s *Service) Appoint(ctx context.Context, person Person, w Wish, digest string) (Mandate, error) {
	m, names, err := s.draft(person.Ref, Agent, w)
	if err != nil {
		return Mandate{}, err
	}
	if !same(Digest(m.Text(w.Named, names)), digest) {
		failure := gateway.Fail(gateway.Conflict, "notice-mismatch", "notice_sm3 is not that of the text for this mandate; show it again.")
		failure.Field = "/notice_sm3"
		return Mandate{}, failure
	}
	if m.Assertion = person.Assertion(digest); m.Assertion == "" {
		failure := gateway.Fail(gateway.Forbidden, "step-up-missing", "An agent is appointed by a sign-in for exactly this.")
		failure.Remedy = "Sign in at /auth/login?level=L3&for=SM3 with the notice's sm3."
		return Mandate{}, failure
	}
	m.State = Active
	return m, s.insert(ctx, m)
}

func (s *Service) insert(ctx context.Context, m Mandate) error {
	pending, err := s.Store.InsertMandate(ctx, m)
	if err != nil {
		return err
	}
	return s.seal(ctx, pending)
}

func (s *Service) seal(ctx context.Context, pending string) error {
	if pending == "" {
		return nil
	}
	_, err := s.Log.Drain(ctx, pending)
	return err
}

// draft checks what is wanted; the second result are the matters' names.
func (s *Service) draft(principal string, kind Kind, w Wish) (Mandate, []string, error) {
	m := Mandate{
		ID: gateway.NewRef(), Kind: kind, Principal: principal, Agent: w.Agent, Matters: slices.Clone(w.Matters), Powers: slices.Clone(w.Powers),
		From: s.Now().UTC().Truncate(time.Millisecond), Until: w.Until.UTC().Truncate(time.Millisecond),
	}
	if kind == Guardian { // which document it is, the officer says
		return m, nil, nil
	}
	return s.named(m)
}

func (s *Service) named(m Mandate) (Mandate, []string, error) {
	if err := m.check(); err != nil {
		return Mandate{}, nil, err
	}
	names := make([]string, len(m.Matters))
	for i, code := range m.Matters {
		matter, known := s.Catalog().ServiceItem(code)
		if !known {
			return Mandate{}, nil, refused("/matters", "the catalogue holds no such service item")
		}
		names[i] = matter.Name
	}
	return m, names, nil
}

// Register is one officer's word that somebody is a guardian; another officer confirms it.
// Neither registers anything for or about themselves: the refs that the provider vouches
// for them as persons are held against both sides.
func (s *Service) Register(ctx context.Context, by gateway.Account, ward Ward, evidence string, w Wish) (Mandate, error) {
	m, _, err := s.draft(ward.Ref, Guardian, w)
	if err != nil {
		return Mandate{}, err
	}
	m.Minor, m.Evidence, m.Proposer, m.State = ward.minor(m.From), evidence, by, Proposed
	if err := ward.allows(m); err != nil {
		return Mandate{}, err
	}
	if m, _, err = s.named(m); err != nil {
		return Mandate{}, err
	}
	if err := own(by, m); err != nil {
		return Mandate{}, err
	}
	return m, s.insert(ctx, m)
}

// Confirm puts a guardian's mandate in force.
func (s *Service) Confirm(ctx context.Context, by gateway.Account, id string) (Mandate, error) {
	m, err := s.Store.Mandate(ctx, id)
	if err != nil {
		return Mandate{}, err
	}
	if m.Proposer.Same(by) {
		return Mandate{}, gateway.Fail(gateway.Forbidden, "second-person", "Whoever registered it cannot confirm it; another officer does.")
	}
	if err := own(by, m); err != nil {
		return Mandate{}, err
	}
	confirmed, pending, err := s.Store.ConfirmMandate(ctx, id, by, s.Now())
	if err != nil {
		return Mandate{}, err
	}
	return confirmed, s.seal(ctx, pending)
}

// own refuses an officer who is one of the two sides.
func own(by gateway.Account, m Mandate) error {
	if by.SubjectRef != "" && (by.SubjectRef == m.Principal || by.SubjectRef == m.Agent) {
		return gateway.Fail(gateway.Forbidden, "own-matter", "Nobody handles a mandate that they are a side of.")
	}
	return nil
}

// Proposed lists what waits for a second officer.
func (s *Service) Proposed(ctx context.Context) ([]Mandate, error) {
	return s.Store.ProposedMandates(ctx)
}

// Of lists the mandates that a person gave and that they hold.
func (s *Service) Of(ctx context.Context, person Person) ([]Mandate, error) {
	return s.Store.MandatesOf(ctx, person.Ref)
}

// End ends a mandate: either side may, at once. Another's is not found.
func (s *Service) End(ctx context.Context, person Person, id string) error {
	m, err := s.Store.Mandate(ctx, id)
	if err != nil {
		return err
	}
	by := map[string]string{m.Principal: "principal", m.Agent: "agent"}[person.Ref]
	if by == "" || m.State == Proposed {
		return unknown()
	}
	return s.end(ctx, id, by)
}

// Revoke ends one for the bureau: a guardian is one no more.
func (s *Service) Revoke(ctx context.Context, id string) error { return s.end(ctx, id, "staff") }

func (s *Service) end(ctx context.Context, id, by string) error {
	pending, err := s.Store.EndMandate(ctx, id, by, s.Now())
	if err != nil {
		return err
	}
	return s.seal(ctx, pending)
}

// Sweep ends what time has ended, with all that was granted under it.
func (s *Service) Sweep(ctx context.Context) error {
	over, err := s.Store.MandatesOver(ctx, s.Now())
	if err != nil {
		return err
	}
	var failed error
	for _, id := range over {
		failed = errors.Join(failed, s.end(ctx, id, "time"))
	}
	return failed
}

// Acting finds the mandate by which a person acts; what is not theirs, not in force, or
// not within its powers is refused, the first two alike.
func (s *Service) Acting(ctx context.Context, person Person, id string, power Power) (Mandate, error) {
	m, err := s.Store.Mandate(ctx, id)
	if err != nil {
		return Mandate{}, err
	}
	if m.Agent != person.Ref || m.StateAt(s.Now()) != Active {
		return Mandate{}, unknown()
	}
	if !slices.Contains(m.Powers, power) {
		return Mandate{}, gateway.Fail(gateway.Forbidden, "mandate-power", "The mandate does not give this power.")
	}
	return m, nil
}

func unknown() error {
	return gateway.Fail(gateway.NotFound, "mandate-unknown", "There is no such mandate in force.")
}
