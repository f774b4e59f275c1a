package safe

import (
	"context"
	"slices"
	"strings"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
)

// Request is what waits for an answer: a department asks a person, or one of two
// officers proposes what the other has to approve. Its draft becomes the artefact.
type Request struct {
	Draft   basis.Basis // its ID is that of the artefact to come
	State   basis.State
	AskedAt time.Time
	Lapses  time.Time

	Proposer gateway.Account // the officer who proposed it; the zero one: a system asked

	Base      string // what the asking system signed (RFC 9421 §2.5)
	Signature []byte
}

// Requests keeps what waits for an answer. A second one for the same person, recipient,
// item and purpose is a Conflict, consent-open or consent-cooldown. Answer changes the
// state; with an artefact, that is put in force. Each is one transaction with its entry.
type Requests interface {
	InsertRequest(ctx context.Context, r Request) (pending string, err error)
	Request(ctx context.Context, id string) (Request, error) // NotFound, basis-unknown
	RequestsOf(ctx context.Context, subjectRef string, kinds []basis.Kind) ([]Request, error)
	Answer(ctx context.Context, a Answer) (pending string, err error)
}

// Answer is what becomes of a request.
type Answer struct {
	Change     basis.Change
	Signed     *basis.Signed // of what is granted; nil for any other answer
	Notice     Notice        // that was shown; the zero one for none
	QuietUntil time.Time     // the recipient does not ask again before; zero: it may
}

const (
	requestLife = 30 * 24 * time.Hour // unanswered, a request lapses
	quietAfter  = 30 * 24 * time.Hour // after a refusal (网数 22: no frequent re-asking)
)

// askable are the kinds that a person is asked for.
var askable = []basis.Kind{basis.Consent, basis.SeparateConsent, basis.WrittenConsent, basis.Contract}

// Ask keeps what a department's system wants of a person until they answer. id comes of
// the call's own nonce, so that a call sent twice asks once.
func (s *Service) Ask(ctx context.Context, id, subjectRef string, w Wanted, signed Request) (Request, error) {
	w.now = s.Now()
	draft, err := s.draft(ctx, s.Catalog(), w)
	if err != nil {
		return Request{}, err
	}
	if !w.Expires.After(w.now) {
		return Request{}, unknown("/expires", "The expiry lies in the future.")
	}
	draft.ID, draft.SubjectRef = id, subjectRef
	if draft.Kind == "" {
		draft.Kind = basis.Consent
	}
	asked := signed
	asked.Draft, asked.State, asked.AskedAt, asked.Lapses = draft, basis.Requested, w.now, earlier(w.now.Add(requestLife), w.Expires)
	return asked, s.keep(ctx, asked)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (s *Service) keep(ctx context.Context, asked Request) error {
	pending, err := s.Requests.InsertRequest(ctx, asked)
	if err != nil {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}

// Asked tells the system that asked how its request stands; nobody else.
func (s *Service) Asked(ctx context.Context, system, id string) (Request, error) {
	r, err := s.Requests.Request(ctx, id)
	if err == nil && r.Draft.System != system {
		return Request{}, requestUnknown()
	}
	return s.lapsed(r), err
}

// lapsed shows what was not answered in time as such, also before a job has written so.
func (s *Service) lapsed(r Request) Request {
	if (r.State == basis.Requested || r.State == basis.Deferred) && !s.Now().Before(r.Lapses) {
		r.State = basis.Lapsed
	}
	return r
}

func requestUnknown() error {
	return gateway.Fail(gateway.NotFound, "basis-unknown", "There is no such access basis.")
}

// Waiting lists what waits for a person's answer, with the notice of each.
func (s *Service) Waiting(ctx context.Context, person Person) ([]Request, []Notice, error) {
	found, err := s.Requests.RequestsOf(ctx, person.subject(), askable)
	if err != nil {
		return nil, nil, err
	}
	var open []Request
	var notices []Notice
	for _, r := range found {
		if r = s.lapsed(r); r.State == basis.Lapsed || !person.handles(r.Draft.ServiceItem) {
			continue
		}
		open, notices = append(open, r), append(notices, s.worded(r.Draft))
	}
	return open, notices, nil
}

// Consented is a person's answer to a request that they grant.
type Consented struct {
	NoticeSM3 string
	Separate  []string // the sensitive fields that they agreed to, each by itself
	Optional  []string // the optional fields that they give
	Assertion string   // SM3 of the assertion by which they stepped up for this; "": none
}

// GrantRequest makes a request that waits for the person an artefact in force. What it
// allows is checked anew: the grant may have ended since.
func (s *Service) GrantRequest(ctx context.Context, person Person, id string, c Consented) (basis.Basis, error) {
	r, err := s.own(ctx, person, id)
	if err != nil {
		return basis.Basis{}, err
	}
	notice := s.worded(r.Draft)
	if !same(notice.SM3, c.NoticeSM3) {
		return basis.Basis{}, noticeMismatch()
	}
	draft, err := s.agreed(ctx, person, r, c, notice)
	if err != nil {
		return basis.Basis{}, err
	}
	made, err := basis.New(draft, s.Now())
	if err != nil {
		return basis.Basis{}, err
	}
	signing := s.Signing()
	signed, err := basis.Sign(ctx, made, signing.Signer, signing.Certificate)
	if err != nil {
		return basis.Basis{}, err
	}
	return made, s.answer(ctx, Answer{Signed: &signed, Notice: notice, Change: basis.Change{
		ID: id, SubjectRef: made.SubjectRef, Event: basis.EventGranted, Actor: person.Ref, At: s.Now(),
	}})
}

// agreed is the draft of a request as the person answered it.
func (s *Service) agreed(ctx context.Context, person Person, r Request, c Consented, notice Notice) (basis.Basis, error) {
	if err := person.sure(); err != nil {
		return basis.Basis{}, err
	}
	if excess := without(c.Optional, r.Draft.Optional); len(excess) > 0 {
		return basis.Basis{}, unknown("/optional", "These are fields that the request calls optional.")
	}
	w := wantedOf(r.Draft)
	w.now = s.Now()
	declined := without(r.Draft.Optional, c.Optional)
	w.Fields, w.Optional = without(w.Fields, declined), c.Optional
	draft, err := s.draft(ctx, s.Catalog(), w)
	if err != nil {
		return basis.Basis{}, err
	}
	draft.ID, draft.SubjectRef, draft.KeyID = r.Draft.ID, r.Draft.SubjectRef, r.Draft.KeyID
	return s.expressed(person, draft, c, notice)
}

// expressed says who agreed, to what notice, and to which sensitive fields by itself.
func (s *Service) expressed(person Person, draft basis.Basis, c Consented, notice Notice) (basis.Basis, error) {
	if err := person.ofAge(); err != nil {
		return basis.Basis{}, err
	}
	if left := without(draft.Sensitive, c.Separate); len(left) > 0 {
		failure := gateway.Fail(gateway.Conflict, "separate-missing", "Each sensitive field has to be agreed to by itself (PIPL 29); those left are named.")
		failure.Field, failure.Fields = "/separate", left
		return basis.Basis{}, failure
	}
	if (draft.Kind == basis.Consent || draft.Kind == "") && len(draft.Sensitive) > 0 {
		draft.Kind = basis.SeparateConsent
	}
	if draft.Kind == "" {
		draft.Kind = basis.Consent
	}
	if draft.Kind == basis.WrittenConsent && c.Assertion == "" {
		failure := gateway.Fail(gateway.Forbidden, "step-up-missing", "A written consent needs a sign-in for exactly this.")
		failure.Remedy = "Sign in at /auth/login?level=L3&for=SM3 with the notice's sm3."
		return basis.Basis{}, failure
	}
	now := s.Now()
	draft.Actor = basis.Actor{Ref: person.Ref, AuthLevel: person.Level, Method: "oidc", MandateID: person.Mandate, Assertion: c.Assertion}
	draft.Capacity = person.As
	if person.For == "" {
		draft.AgeBand = person.AgeBand
	}
	draft.From, draft.CooldownUntil = now, time.Time{}
	draft.Notice = basis.Notice{
		ID: notice.ID, Version: notice.Version, SM3: notice.SM3, Language: notice.Language, ShownAt: now, SeparateAck: draft.Sensitive,
	}
	contact := draft.Contact
	if contact == "" {
		contact = departmentName(s.Catalog(), draft.Department)
	}
	draft.Rights = basis.Rights{Withdraw: "/v1/me/bases/{id}/withdraw", Objection: "/v1/objections", Contact: contact, Regulator: "12377"}
	return draft, nil
}

// wantedOf is what a draft wants, to be held against catalogue and grant again.
func wantedOf(b basis.Basis) Wanted {
	template, _, _ := strings.Cut(b.Controls.Template, "@")
	return Wanted{
		Department: b.Department, System: b.System, Item: b.Item, Fields: b.Fields, Optional: b.Optional, Operation: b.Operations[0],
		ServiceItem: b.ServiceItem, Purpose: b.Purpose, CaseNo: b.CaseNo, Expires: b.Expires, MaxUses: b.MaxUses, PerDay: b.PerDay,
		Template: template, Kind: b.Kind, Contract: b.Contract, KeyID: b.KeyID,
	}
}

// RefuseRequest ends a request; for a while the recipient does not ask again.
func (s *Service) RefuseRequest(ctx context.Context, person Person, id string) error {
	now := s.Now()
	return s.decline(ctx, person, id, Answer{QuietUntil: now.Add(quietAfter), Change: basis.Change{Event: basis.EventRefused, At: now}})
}

// DeferRequest says that the person answers later.
func (s *Service) DeferRequest(ctx context.Context, person Person, id string) error {
	return s.decline(ctx, person, id, Answer{Change: basis.Change{Event: basis.EventDeferred, At: s.Now()}})
}

func (s *Service) decline(ctx context.Context, person Person, id string, a Answer) error {
	r, err := s.own(ctx, person, id)
	if err != nil {
		return err
	}
	a.Change.ID, a.Change.SubjectRef, a.Change.Actor = id, r.Draft.SubjectRef, person.Ref
	return s.answer(ctx, a)
}

func (s *Service) answer(ctx context.Context, a Answer) error {
	pending, err := s.Requests.Answer(ctx, a)
	if err != nil || pending == "" {
		return err
	}
	_, err = s.Log.Drain(ctx, pending)
	return err
}

// own finds a request that is the person's to answer and still waits.
func (s *Service) own(ctx context.Context, person Person, id string) (Request, error) {
	r, err := s.Requests.Request(ctx, id)
	if err != nil {
		return Request{}, err
	}
	if r.Draft.SubjectRef != person.subject() || !slices.Contains(askable, r.Draft.Kind) || !person.handles(r.Draft.ServiceItem) {
		return Request{}, requestUnknown()
	}
	if s.lapsed(r).State == basis.Lapsed {
		return Request{}, gateway.Fail(gateway.Conflict, "basis-state", "The request was not answered in time; the recipient has to ask again.")
	}
	return r, nil
}
