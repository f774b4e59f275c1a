package exchange

import (
	"context"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
)

// Consents keeps what systems ask people to allow. id comes of the call's nonce: the
// same call asks once.
type Consents interface {
	AskConsent(ctx context.Context, id string, asked ConsentAsked) (ConsentState, error)
	ConsentState(ctx context.Context, system, id string) (ConsentState, error)
}

// ConsentAsked is the body of POST /v1/consent-requests.
type ConsentAsked struct {
	Template    string            `json:"template"` // "": the grant is the only bound
	Item        string            `json:"item"`
	Fields      []string          `json:"fields"`
	Optional    []string          `json:"optional"`
	Operation   gateway.Operation `json:"operation"`
	Subject     AskedSubject      `json:"subject"`
	ServiceItem string            `json:"service_item"`
	CaseNo      string            `json:"case_no"`
	Purpose     string            `json:"purpose"`
	Expires     time.Time         `json:"expires"`
	MaxUses     int               `json:"max_uses"`
	PerDay      int               `json:"max_uses_per_day"`
	ContractNo  string            `json:"contract_no"`

	SubjectRef string `json:"-"`
	Caller     Caller `json:"-"`
}

// ConsentState is how a request stands. It tells nothing about the person: whether they
// were ever known here makes no difference.
type ConsentState struct {
	BasisID string      `json:"basis_id"` // also of the basis, once it is granted
	State   basis.State `json:"state"`
	Lapses  time.Time   `json:"lapses_at"`
}

type consentAnswer struct {
	ConsentState
	Chain [][]byte `json:"chain"`
}

// AskConsent has a person asked to allow something. Its answer is signed as a release
// is; a refusal is recorded, also among the person's own accesses.
func (s *Service) AskConsent(ctx context.Context, call Call) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	state, err := s.askConsent(ctx, u)
	if err != nil {
		return Release{System: u.caller.System}, s.refuse(ctx, u, err)
	}
	return s.tellConsent(ctx, u, state)
}

func (s *Service) askConsent(ctx context.Context, u *use) (ConsentState, error) {
	caller, err := s.admitAsking(ctx, u.call)
	if err != nil {
		return ConsentState{}, err
	}
	u.caller = caller
	asked, subject, err := parseConsent(u.call.Body)
	if err != nil {
		return ConsentState{}, err
	}
	u.ask = Ask{
		Item: asked.Item, Fields: asked.Fields, Operation: asked.Operation, ServiceItem: asked.ServiceItem, CaseNo: asked.CaseNo, Purpose: asked.Purpose,
	}
	if err := s.asking.allow(caller.System, s.now()); err != nil {
		return ConsentState{}, err
	}
	resolved, err := s.resolver.Resolve(ctx, subject, "")
	if err != nil {
		return ConsentState{}, gateway.Fail(gateway.Unavailable, "store-unavailable", "The person could not be looked up; try again.").Because(err)
	}
	u.resolved.SubjectRef = resolved.SubjectRef
	asked.SubjectRef, asked.Caller = resolved.SubjectRef, caller
	digest := sm.Sum([]byte(caller.KeyID + "\x00" + caller.Nonce))
	return s.consents.AskConsent(ctx, hex.EncodeToString(digest[:16]), asked)
}

// ConsentState tells a system how its own request stands.
func (s *Service) ConsentState(ctx context.Context, call Call, id string) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	caller, err := s.admitAsking(ctx, u.call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, "consent-requests", err)
		return Release{}, err
	}
	u.caller = caller
	state, err := s.consents.ConsentState(ctx, caller.System, id)
	if err != nil {
		return Release{System: caller.System}, err
	}
	return s.tellConsent(ctx, u, state)
}

func (s *Service) tellConsent(ctx context.Context, u *use, state ConsentState) (Release, error) {
	signing := s.signing()
	body, err := encode(consentAnswer{ConsentState: state, Chain: signing.Chain})
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	header, _, err := s.signAnswer(ctx, u, body, signing)
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	return Release{Status: http.StatusOK, Header: header, Body: body, System: u.caller.System}, nil
}

func parseConsent(body []byte) (ConsentAsked, gateway.Identity, error) {
	var asked ConsentAsked
	if err := decodeStrictly(body, &asked); err != nil {
		return ConsentAsked{}, gateway.Identity{}, err
	}
	for _, rule := range consentRules {
		if !rule.holds(asked) {
			return ConsentAsked{}, gateway.Identity{}, invalidField(rule.field, rule.says)
		}
	}
	subject, err := gateway.ParseIdentity(asked.Subject.IDType, asked.Subject.IDNumber)
	if err != nil {
		return ConsentAsked{}, gateway.Identity{}, invalidField("/subject", err.Error())
	}
	return asked, subject, nil
}

var consentRules = []struct {
	field, says string
	holds       func(ConsentAsked) bool
}{
	{"/item", "item is required: the catalogue code of a data item", func(a ConsentAsked) bool { return code.MatchString(a.Item) }},
	{"/fields", "fields is required: 1 to 60 names, none twice", func(a ConsentAsked) bool { return namesOnce(a.Fields) }},
	{"/optional", "optional are names of fields, none twice", func(a ConsentAsked) bool { return len(a.Optional) == 0 || namesOnce(a.Optional) }},
	{"/operation", "operation is required: VERIFY, PREDICATE, VIEW or COPY", func(a ConsentAsked) bool { return a.Operation.Known() }},
	{"/service_item", "service_item is required: the code of the matter (事项) this is for", func(a ConsentAsked) bool { return code.MatchString(a.ServiceItem) }},
	{"/case_no", "case_no has at most 64 letters, digits, - _ . /", func(a ConsentAsked) bool { return a.CaseNo == "" || code.MatchString(a.CaseNo) }},
	{"/purpose", "purpose is required: a purpose code of the catalogue", func(a ConsentAsked) bool { return code.MatchString(a.Purpose) }},
	{"/expires", "expires is required", func(a ConsentAsked) bool { return !a.Expires.IsZero() }},
	{"/max_uses", "limits of uses are from 1 to 1000000", func(a ConsentAsked) bool {
		return a.MaxUses >= 0 && a.MaxUses <= 1_000_000 && a.PerDay >= 0 && a.PerDay <= 1_000_000
	}},
	{"/template", "template is the id of a template of the catalogue", func(a ConsentAsked) bool { return a.Template == "" || code.MatchString(a.Template) }},
	{"/contract_no", "contract_no has at most 64 letters, digits, - _ . /", func(a ConsentAsked) bool { return a.ContractNo == "" || code.MatchString(a.ContractNo) }},
}

// How fast one system may ask people on one node: a case at a time, not a register.
const (
	asksPerSecond = 5
	asksBurst     = 50
)

// askLimits keeps a system from going through identity numbers by asking.
type askLimits struct {
	mu    sync.Mutex
	rates map[string]*rate.Limiter // by system
}

func (l *askLimits) allow(system string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rates == nil {
		l.rates = map[string]*rate.Limiter{}
	}
	known, ok := l.rates[system]
	if !ok {
		known = rate.NewLimiter(asksPerSecond, asksBurst)
		l.rates[system] = known
	}
	if known.AllowN(now, 1) {
		return nil
	}
	return tooMany("rate-exceeded", "The system asks too many people at this moment.", time.Second)
}
