package safe

import (
	"context"
	"slices"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Urgent is what an officer proposes in an emergency (突发事件应对法 85): the incident,
// why, and the day by which what was fetched is destroyed.
type Urgent struct {
	Incident  string
	Reason    string
	Provision string
	DestroyBy time.Time
}

// Propose keeps an emergency basis until a second person approves it: it lets nothing
// through before.
func (s *Service) Propose(ctx context.Context, staff Person, subjectRef string, w Wanted, u Urgent) (Request, error) {
	w.now = s.Now()
	directory := s.Catalog()
	provision, known := directory.Provision(u.Provision)
	if !known {
		return Request{}, unknown("/legal_provision", "The maintained list holds no such provision.")
	}
	if !slices.Contains(provision.Departments, w.Department) || !slices.Contains(provision.ServiceItems, w.ServiceItem) {
		return Request{}, provisionNotForThis()
	}
	draft, err := s.draft(ctx, directory, w)
	if err != nil {
		return Request{}, err
	}
	draft.ID, draft.SubjectRef, draft.Kind, draft.From = gateway.NewRef(), subjectRef, basis.Emergency, w.now
	draft.LegalProvision = basis.LegalProvision{ID: provision.ID, Law: provision.Law, Article: provision.Article}
	draft.Actor = basis.Actor{Ref: staff.Ref, AuthLevel: staff.Level, Method: "oidc"}
	draft.Incident = basis.Incident{Number: u.Incident, Reason: u.Reason, Approver: "to-be-named"}
	draft.EraseAt = u.DestroyBy
	if _, err := basis.New(draft, w.now); err != nil { // every rule but the second person
		return Request{}, err
	}
	draft.Incident.Approver = ""
	asked := Request{Draft: draft, State: basis.Requested, AskedAt: w.now, Lapses: w.Expires, Proposer: staff.account()}
	return asked, s.keep(ctx, asked)
}

// Approve puts a proposed emergency basis in force; by another person than who proposed.
func (s *Service) Approve(ctx context.Context, staff Person, id string) (basis.Basis, error) {
	r, err := s.Requests.Request(ctx, id)
	if err != nil {
		return basis.Basis{}, err
	}
	if r.Draft.Kind != basis.Emergency {
		return basis.Basis{}, requestUnknown()
	}
	if r.Proposer.Same(staff.account()) {
		return basis.Basis{}, samePerson()
	}
	draft := r.Draft
	draft.Incident.Approver, draft.From = staff.Ref, s.Now()
	made, err := basis.New(draft, s.Now())
	if err != nil {
		return basis.Basis{}, err
	}
	signing := s.Signing()
	signed, err := basis.Sign(ctx, made, signing.Signer, signing.Certificate)
	if err != nil {
		return basis.Basis{}, err
	}
	return made, s.answer(ctx, Answer{Signed: &signed, Change: basis.Change{
		ID: id, SubjectRef: made.SubjectRef, Event: basis.EventGranted, Actor: staff.Ref, At: s.Now(),
	}})
}

func (p Person) account() gateway.Account { return gateway.Account{Ref: p.Ref, SubjectRef: p.Own} }

func samePerson() error {
	return gateway.Fail(gateway.Forbidden, "same-person", "Who proposed this does not confirm it; another person has to.")
}

func provisionNotForThis() error {
	failure := gateway.Fail(gateway.Forbidden, "provision-not-for-this", "The provision does not empower this department in this matter.")
	failure.Field = "/legal_provision"
	return failure
}

// official are the events that the bureau makes happen to bases that no person gave.
var official = []basis.Event{basis.EventSuspended, basis.EventResumed, basis.EventRevoked, basis.EventClosed, basis.EventReviewed}

// Govern suspends, resumes, revokes, closes or reviews a basis that no person gave. Who
// opened or approved an emergency does not review it.
func (s *Service) Govern(ctx context.Context, staff Person, id string, event basis.Event, reason string) (basis.Held, error) {
	held, _, err := s.Bases.Basis(ctx, id)
	if err != nil {
		return basis.Held{}, err
	}
	b := held.Basis
	if b.Kind.Given() && event != basis.EventRevoked || !slices.Contains(official, event) {
		return basis.Held{}, gateway.Fail(gateway.Conflict, "basis-state", "This is not the bureau's to do to a basis of this kind.")
	}
	if event == basis.EventReviewed && (staff.Ref == b.Actor.Ref || staff.Ref == b.Incident.Approver) {
		return basis.Held{}, samePerson()
	}
	return s.change(ctx, basis.Change{ID: id, SubjectRef: b.SubjectRef, Event: event, Actor: staff.Ref, Reason: reason, At: s.Now()})
}
