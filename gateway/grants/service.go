package grants

import (
	"context"
	"encoding/json"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Store keeps matters and grants. What a call changes is one transaction with its
// entry for the ledger, whose pending id it returns, and with the jobs that its clocks
// ring by. change sees the matter as it stands; it may be called again when another
// was faster, and its error writes nothing.
type Store interface {
	InsertMatter(ctx context.Context, m Matter, entry ledger.Entry) (pending string, err error)
	ChangeMatter(ctx context.Context, id string, change func(Matter) (Change, error)) (m Matter, pending string, err error)
	Matter(ctx context.Context, id string) (Matter, error) // NotFound, matter-unknown
	Matters(ctx context.Context, f Filter, after string, limit int) (page []Matter, next string, err error)
	Grant(ctx context.Context, id string) (Grant, error) // NotFound, grant-unknown
	Grants(ctx context.Context, f Filter, after string, limit int) (page []Grant, next string, err error)
	ActOnGrant(ctx context.Context, act GrantAct, allowed func(Grant) error) (g Grant, pending string, err error)
}

// Change is what an act does to a matter.
type Change struct {
	Matter   Matter     // afterwards; its events end with the new ones
	New      []Happened // none: nothing changes
	Entry    ledger.Entry
	Issue    *Grant // comes into force by it
	Replaces string // the grant that is stopped by it, unless it has ended; "" for none
}

// Filter says which matters or grants are listed. "" and false leave open.
type Filter struct {
	Kind      Kind
	State     State
	Applicant string // a department
	Provider  string
	Subject   string    // a citizen's subject_ref
	Either    string    // a department on either side
	Open      bool      // a clock runs
	LateAt    time.Time // a clock that runs was due before; zero leaves open
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Catalog func() *catalog.Catalog
	Store   Store
	Stops   Stops
	Log     Log
	Days    Days
	Clock   func() time.Time // by which terms run
	Now     func() time.Time // by which grants are in force
}

// Service is the workflow.
type Service struct{ Config }

// New builds the service.
func New(c Config) *Service { return &Service{c} }

// Apply files an application for the person's department. What it states has to be
// right; what it leaves out comes back at once, as one list, with the application in
// the state INCOMPLETE and no clock running.
func (s *Service) Apply(ctx context.Context, p Person, t Terms) (Matter, []Missing, error) {
	if !p.has(consumerRole) || p.Department == "" {
		return Matter{}, nil, gateway.Fail(gateway.Forbidden, "role-missing", "Only a consumer applies, for their own department.")
	}
	if err := t.check(s.Catalog(), p.Department, s.Now()); err != nil {
		return Matter{}, nil, err
	}
	if err := s.renewable(ctx, p, t); err != nil {
		return Matter{}, nil, err
	}
	item, _ := s.Catalog().Item(t.Item) // check found it
	missing := t.MissingParts()
	event := Submit
	if len(missing) > 0 {
		event = SubmitPart
	}
	document, err := json.Marshal(t)
	if err != nil {
		return Matter{}, nil, err
	}
	m, err := s.file(ctx, Matter{Kind: Application, Applicant: p.Department, Provider: item.Provider, Item: item.Code, About: t.Renews},
		Happened{Event: event, Side: Applicant, By: p, Document: document})
	return m, missing, err
}

func (s *Service) renewable(ctx context.Context, p Person, t Terms) error {
	if t.Renews == "" {
		return nil
	}
	grant, err := s.Store.Grant(ctx, t.Renews)
	if err != nil || grant.Department != p.Department || grant.System != t.System || grant.Item != t.Item {
		return wrong("/renews", "It is a grant of this department for this system and item.")
	}
	return nil
}

// Complaint says that data is wrong, or objects to what was decided.
type Complaint struct {
	Kind   Kind     `json:"kind"` // Correction or Objection
	Item   string   `json:"item"`
	Fields []string `json:"fields,omitempty"`
	About  string   `json:"about,omitempty"` // the application or grant objected to
	CaseNo string   `json:"case_no,omitempty"`
	Reason string   `json:"-"`
}

// Complain files a correction or an objection, for the person's department or, for a
// citizen, in their own name.
func (s *Service) Complain(ctx context.Context, p Person, c Complaint) (Matter, error) {
	item, known := s.Catalog().Item(c.Item)
	if !known {
		return Matter{}, wrong("/item", "The catalogue holds no such data item.")
	}
	if unknown := fieldsOutside(item, c.Fields); len(unknown) > 0 {
		failure := gateway.Fail(gateway.Excess, "fields-unknown", "The item has no such fields; they are named.")
		failure.Field, failure.Fields = "/fields", unknown
		return Matter{}, failure
	}
	if c.Kind == Objection {
		if err := s.concerns(ctx, p, c); err != nil {
			return Matter{}, err
		}
	}
	m := Matter{Kind: c.Kind, Provider: item.Provider, Item: item.Code, About: c.About}
	if p.has(consumerRole) && p.Department != "" {
		m.Applicant = p.Department
	} else {
		m.Subject = p.SubjectRef
	}
	document, err := json.Marshal(c)
	if err != nil {
		return Matter{}, err
	}
	return s.file(ctx, m, Happened{Event: File, Side: Applicant, By: p, Reason: c.Reason, Document: document})
}

// concerns: an objection is to a matter or a grant of one's own.
func (s *Service) concerns(ctx context.Context, p Person, c Complaint) error {
	if m, err := s.Store.Matter(ctx, c.About); err == nil && m.Item == c.Item && m.Shows(p) {
		return nil
	}
	if g, err := s.Store.Grant(ctx, c.About); err == nil && g.Item == c.Item && g.Shows(p) {
		return nil
	}
	return wrong("/about", "It is an application or a grant of your own, for this item.")
}

// AskForUpdate has a provider bring the catalogue's entry of an item up to date.
func (s *Service) AskForUpdate(ctx context.Context, p Person, itemCode, reason string) (Matter, error) {
	item, known := s.Catalog().Item(itemCode)
	if !known {
		return Matter{}, wrong("/item", "The catalogue holds no such data item.")
	}
	if !p.has(bureauRole) {
		return Matter{}, gateway.Fail(gateway.Forbidden, "role-missing", "Only the bureau asks for an update.")
	}
	return s.file(ctx, Matter{Kind: CatalogUpdate, Provider: item.Provider, Item: item.Code},
		Happened{Event: File, Side: Bureau, By: p, Reason: reason})
}

// file opens a matter with its first event.
func (s *Service) file(ctx context.Context, m Matter, first Happened) (Matter, error) {
	line, err := stepFor(m.Kind, None, first.Event)
	if err != nil {
		return Matter{}, err
	}
	if line.reason && first.Reason == "" {
		return Matter{}, reasonMissing()
	}
	at := s.Clock()
	m.ID, m.State, m.FiledAt, m.Document = gateway.NewRef(), line.to, at, first.Document
	if err := m.turn(s.Days, line.clocks, s.answerClock(m), at); err != nil {
		return Matter{}, err
	}
	first.Seq, first.State, first.At = 1, m.State, at
	m.Events = []Happened{first}
	pending, err := s.Store.InsertMatter(ctx, m, entryOf(m, first, nil, s.Now()))
	if err != nil {
		return Matter{}, err
	}
	return m, s.seal(ctx, pending)
}

// Act is what a person does in a matter.
type Act struct {
	Matter     string
	Event      Event
	ReasonCode string
	Reason     string
	Terms      *Terms    // completed: what is asked for now; narrowed: what is granted
	Missing    []Missing // missing-told: the whole list

	reviewed Grant // narrowed, of unused rights: the grant under review
}

// Act makes an event happen, when the machine, the person's side and the rule of two
// persons allow it. To whom the matter is not shown, it does not exist.
func (s *Service) Act(ctx context.Context, p Person, a Act) (Matter, error) {
	if err := s.review(ctx, &a); err != nil {
		return Matter{}, err
	}
	m, pending, err := s.Store.ChangeMatter(ctx, a.Matter, func(m Matter) (Change, error) {
		if !m.Shows(p) {
			return Change{}, unknownMatter()
		}
		return s.change(m, p, a)
	})
	if err != nil {
		return Matter{}, err
	}
	return m, s.seal(ctx, pending)
}

// review reads the grant that an act would narrow, before the transaction begins.
func (s *Service) review(ctx context.Context, a *Act) error {
	if a.Event != Narrow {
		return nil
	}
	m, err := s.Store.Matter(ctx, a.Matter)
	if err != nil || m.Kind != UnusedRights {
		return err
	}
	a.reviewed, err = s.Store.Grant(ctx, m.About)
	return err
}

func (s *Service) change(m Matter, p Person, a Act) (Change, error) {
	line, err := stepFor(m.Kind, m.State, a.Event)
	if err != nil {
		return Change{}, err
	}
	side, err := m.sideFor(p, line.by)
	if err != nil {
		return Change{}, err
	}
	at := s.Clock()
	if line.once && m.had(a.Event) {
		return Change{}, gateway.Fail(gateway.Conflict, "once-only", "This happens once in a matter, and has happened.")
	}
	if line.late && !m.lateAt(at) {
		return Change{}, gateway.Fail(gateway.Conflict, "not-late", "The answer is not late yet.")
	}
	if line.reason && (a.Reason == "" || !knownReason(m.Kind, a.ReasonCode)) {
		return Change{}, reasonMissing()
	}
	change := Change{}
	document, err := s.carry(&m, a, &change)
	if err != nil {
		return Change{}, err
	}
	if err := m.turn(s.Days, line.clocks, s.answerClock(m), at); err != nil {
		return Change{}, err
	}
	m.State = line.to
	done := Happened{
		Seq: len(m.Events) + 1, Event: a.Event, State: m.State, At: at, Side: side, By: p,
		ReasonCode: a.ReasonCode, Reason: a.Reason, Document: document,
	}
	m.Events = append(m.Events, done)
	change.Matter, change.New, change.Entry = m, []Happened{done}, entryOf(m, done, change.Issue, s.Now())
	return change, nil
}

// carry does what an event means beside the state: its document, and the grant.
func (s *Service) carry(m *Matter, a Act, change *Change) (json.RawMessage, error) {
	switch m.Kind {
	case Application:
		return s.carryApplication(m, a, change)
	case UnusedRights:
		return s.carryNarrowing(m, a, change)
	default:
		return nil, nil
	}
}

func (s *Service) carryApplication(m *Matter, a Act, change *Change) (json.RawMessage, error) {
	switch a.Event {
	case TellMissing:
		if len(a.Missing) == 0 {
			return nil, wrong("/missing", "The list names everything that is missing, at once.")
		}
		return json.Marshal(a.Missing)
	case Complete:
		return s.complete(m, a)
	case Approve:
		asked, err := m.terms()
		if err != nil {
			return nil, err
		}
		return nil, s.issue(*m, asked, change)
	case Narrow:
		return s.narrow(*m, a, change)
	default:
		return nil, nil
	}
}

func (s *Service) complete(m *Matter, a Act) (json.RawMessage, error) {
	if a.Terms == nil {
		return nil, wrong("/application", "The application as it reads now is missing.")
	}
	if a.Terms.Item != m.Item {
		return nil, wrong("/application/item", "Another item is another application.")
	}
	if a.Terms.Renews != m.About {
		return nil, wrong("/application/renews", "An application renews the grant that it was filed for, or none, to its end.")
	}
	if err := a.Terms.check(s.Catalog(), m.Applicant, s.Now()); err != nil {
		return nil, err
	}
	if missing := a.Terms.MissingParts(); len(missing) > 0 {
		failure := gateway.Fail(gateway.Conflict, "application-incomplete", "Parts of the application are still missing; all of them are named.")
		for _, part := range missing {
			failure.Fields = append(failure.Fields, part.Part)
		}
		return nil, failure
	}
	document, err := json.Marshal(a.Terms)
	m.Document = document
	return document, err
}

func (s *Service) narrow(m Matter, a Act, change *Change) (json.RawMessage, error) {
	asked, err := m.terms()
	if err != nil {
		return nil, err
	}
	if a.Terms == nil || !a.Terms.within(asked) || len(a.Terms.MissingParts()) > 0 {
		return nil, wrong("/application", "What is granted in part is stated whole, and lies within what was asked for.")
	}
	document, err := json.Marshal(a.Terms)
	if err != nil {
		return nil, err
	}
	return document, s.issue(m, *a.Terms, change)
}

// issue makes the grant; the catalogue may have changed since the application.
func (s *Service) issue(m Matter, t Terms, change *Change) error {
	from := s.Now()
	if err := t.check(s.Catalog(), m.Applicant, from); err != nil {
		return err
	}
	grant := grantOf(gateway.NewRef(), m, t, from)
	change.Issue, change.Replaces = &grant, m.About
	return nil
}

// answerClock is the clock by which an application for the item is answered.
func (s *Service) answerClock(m Matter) string {
	if item, known := s.Catalog().Item(m.Item); known && item.SharedType == catalog.Unconditional {
		return answerUnconditional
	}
	return answerConditional
}

// ActOnGrant suspends, resumes or revokes.
func (s *Service) ActOnGrant(ctx context.Context, p Person, act GrantAct) (Grant, error) {
	if act.Event != Suspend && act.Event != Resume && act.Event != Revoke {
		return Grant{}, wrong("/event", "It is suspended, resumed or revoked.")
	}
	if act.Reason == "" {
		return Grant{}, reasonMissing()
	}
	act.By, act.At = p, s.Now()
	g, pending, err := s.Store.ActOnGrant(ctx, act, func(g Grant) error {
		if !g.Shows(p) {
			return unknownGrant()
		}
		if !g.mayAct(p) {
			return gateway.Fail(gateway.Forbidden, "not-your-turn", "Only the provider and the bureau do this to a grant.")
		}
		return nil
	})
	if err != nil {
		return Grant{}, err
	}
	return g, s.seal(ctx, pending)
}

func (s *Service) seal(ctx context.Context, pending string) error {
	if pending == "" {
		return nil
	}
	_, err := s.Log.Drain(ctx, pending)
	return err
}

// One reads a matter that is shown to the person.
func (s *Service) One(ctx context.Context, p Person, id string) (Matter, error) {
	m, err := s.Store.Matter(ctx, id)
	if err == nil && !m.Shows(p) {
		err = unknownMatter()
	}
	return m, err
}

// List lists what is shown to the person, newest first.
func (s *Service) List(ctx context.Context, p Person, f Filter, after string, limit int) ([]Matter, string, error) {
	f, nothing := narrowTo(f, p)
	if nothing {
		return nil, "", nil
	}
	return s.Store.Matters(ctx, f, after, limit)
}

// ListGrants lists the grants that are shown to the person, newest first.
func (s *Service) ListGrants(ctx context.Context, p Person, f Filter, after string, limit int) ([]Grant, string, error) {
	f, nothing := narrowTo(f, p)
	if nothing {
		return nil, "", nil
	}
	return s.Store.Grants(ctx, f, after, limit)
}

// narrowTo keeps a list within what the person may see.
func narrowTo(f Filter, p Person) (_ Filter, nothing bool) {
	switch {
	case p.has(bureauRole), p.has(auditorRole):
	case p.has(consumerRole) && p.has(providerRole):
		f.Either = p.Department
	case p.has(consumerRole):
		f.Applicant = p.Department
	case p.has(providerRole):
		f.Provider = p.Department
	case p.SubjectRef != "":
		f.Subject = p.SubjectRef
		return f, false
	default:
		return f, true
	}
	return f, p.Department == "" && !p.has(bureauRole) && !p.has(auditorRole)
}

// Ring takes the steps of the escalation that are due on a clock of a matter. A clock
// that was stopped or moved since does nothing.
func (s *Service) Ring(ctx context.Context, id, clock string) error {
	_, pending, err := s.Store.ChangeMatter(ctx, id, func(m Matter) (Change, error) {
		rang := m.clock(clock)
		if rang == nil {
			return Change{Matter: m}, nil
		}
		now := s.Clock()
		taken, err := rang.ring(s.Days, now)
		if err != nil || len(taken) == 0 {
			return Change{Matter: m}, err
		}
		change := Change{}
		for _, step := range taken {
			done := Happened{Seq: len(m.Events) + 1, Event: step.event, State: m.State, At: now, Side: Job, By: kapok(), ReasonCode: clock, Reason: step.tells}
			m.Events = append(m.Events, done)
			change.New = append(change.New, done)
		}
		change.Matter, change.Entry = m, entryOf(m, change.New[len(change.New)-1], nil, s.Now())
		return change, nil
	})
	if err != nil {
		return err
	}
	return s.seal(ctx, pending)
}

func knownReason(kind Kind, code string) bool {
	if kind != Application {
		return true // corrections and disputes are reasoned in words
	}
	for _, known := range reasons {
		if known.Code == code {
			return true
		}
	}
	return false
}

func reasonMissing() error {
	failure := gateway.Fail(gateway.Invalid, "reason-missing", "This needs a reason: a code of the list where it is an application's, and a text.")
	failure.Field = "/reason"
	return failure
}

func unknownMatter() error {
	return gateway.Fail(gateway.NotFound, "matter-unknown", "There is no such matter, or it is not yours.")
}

func unknownGrant() error {
	return gateway.Fail(gateway.NotFound, "grant-unknown", "There is no such grant, or it is not yours.")
}
