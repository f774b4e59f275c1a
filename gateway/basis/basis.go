package basis

import (
	"slices"
	"time"

	"kapok/gateway"
)

// Basis is one access basis: for exactly one recipient, one item, one purpose and
// one matter. Make one with [New] or read one with [Parse]; then leave it as it is.
// Times are in UTC and whole milliseconds.
type Basis struct {
	ID         string // 32 hex digits, random
	Supersedes string // the basis that this one replaces; "": none
	Kind       Kind
	SubjectRef string // whom it is about; "": anybody, for STATUTORY only
	AgeBand    AgeBand
	Capacity   Capacity // in which they are concerned; "": in their own
	Actor      Actor

	// The recipient.
	Department string // id in the catalogue
	Unit       string // within the department; may be ""
	System     string // id of the one calling system
	Contact    string // whom to ask there
	KeyID      string // of the certificate that its request was signed with; "": it did not ask
	Through    string // an intermediary; "": none

	// What, from whom.
	Provider    string // the department that holds the data
	Item        string // 目录代码
	ItemVersion int
	Fields      []string            // 信息项, in ascending order
	Operations  []gateway.Operation // least first
	Sensitive   []string            // those of Fields that are sensitive (PIPL 28)
	Optional    []string            // those of Fields that the person could leave out; the others are all or nothing
	Range       string              // of time or kind, in words; "": whatever the item holds

	// Why.
	Purpose        string // the purpose's code
	PurposeText    string // the purpose in plain words, as shown
	ServiceItem    string // 事项编码
	CaseNo         string // 办件编号; "": the case is named by each call
	LegalProvision LegalProvision
	Incident       Incident
	Contract       string // the contract's number, for CONTRACT only
	Necessity      Necessity
	Automated      Automated
	Onward         Onward
	Controls       Controls

	// How long.
	From    time.Time
	Expires time.Time // exclusive: at this moment it has ended
	EraseAt time.Time // the recipient has erased what it keeps by then
	MaxUses int       // releases in all; 0: no limit
	PerDay  int       // releases on one day in Beijing; 0: no limit

	CooldownUntil time.Time // before then the recipient does not ask the person again (网数 22)

	Notice Notice
	Notify Notify
	Rights Rights
}

// LegalProvision is the article that makes an access a duty or lawful without consent.
type LegalProvision struct {
	ID      string // in the maintained list; may be ""
	Law     string
	Article string
}

// Actor is who expressed the basis and how they had proven themselves.
type Actor struct {
	Ref       string // the subject's own ref for a consent, their agent's under a mandate, else a staff reference
	AuthLevel string // of the sign-in: "L3"
	Method    string // "oidc"
	MandateID string // under which they acted for the subject; "": for themselves
	Assertion string // SM3 of the identity provider's assertion that they stepped up by, 64 hex digits; "": none
}

// Incident is what makes an EMERGENCY access answerable (突发事件应对法 85).
type Incident struct {
	Number   string
	Reason   string
	Approver string // a second person, not the actor
}

// Notice is what the person was shown before they agreed (PIPL 17, 23, 30).
type Notice struct {
	ID          string
	Version     string
	SM3         string // of the text as shown, 64 hex digits
	Language    string // "zh-CN"
	ShownAt     time.Time
	SeparateAck []string // the fields agreed to one by one
}

// Mode is when the person is told of a use.
type Mode string

// The modes of notification.
const (
	Immediate  Mode = "IMMEDIATE"
	Delayed    Mode = "DELAYED"
	Suppressed Mode = "SUPPRESSED"
)

// Notify says when the person is told of a use; anything but at once needs a ground,
// an approver and an end (PIPL 18, 35).
type Notify struct {
	Mode     Mode
	Until    time.Time
	Ground   string
	Approver string
}

// Rights tells the person where to turn (PIPL 44 to 50).
type Rights struct {
	Withdraw  string
	Objection string
	Contact   string
	Regulator string
}

// New completes a draft (a random ID, the order of lists, whole milliseconds) and
// checks it by the rules of its kind at the moment now. The error is a
// *[gateway.Error] that names the field and the rule.
func New(draft Basis, now time.Time) (Basis, error) {
	b := draft.normal()
	if b.ID == "" { // one that was asked for keeps its request's
		b.ID = gateway.NewRef()
	}
	if b.From.IsZero() {
		b.From = moment(now)
	}
	if b.Notify.Mode == "" {
		b.Notify.Mode = Immediate
	}
	if err := b.check(); err != nil {
		return Basis{}, err
	}
	if !b.Expires.After(now) {
		return Basis{}, broken("/expires", "the expiry lies in the future")
	}
	return b, nil
}

// Provision is the law and its article in one line, for records; "" for a consent.
func (b Basis) Provision() string {
	return b.LegalProvision.Law + b.LegalProvision.Article
}

// Covers reports whether the basis is about this person, or about anybody.
func (b Basis) Covers(subjectRef string) bool {
	return b.SubjectRef == subjectRef || b.SubjectRef == "" && b.Kind == Statutory
}

// normal copies b with its lists in order and its times in whole milliseconds, so
// that what means the same is written the same.
func (b Basis) normal() Basis {
	b.Fields = sorted(b.Fields)
	b.Sensitive = sorted(b.Sensitive)
	b.Notice.SeparateAck = sorted(b.Notice.SeparateAck)
	b.Operations = slices.Clone(b.Operations)
	slices.SortFunc(b.Operations, func(x, y gateway.Operation) int {
		return slices.Index(gateway.Operations(), x) - slices.Index(gateway.Operations(), y)
	})
	b.Optional = sorted(b.Optional)
	b.Controls.Bound.Fields = sorted(b.Controls.Bound.Fields)
	for _, at := range []*time.Time{&b.From, &b.Expires, &b.EraseAt, &b.Notice.ShownAt, &b.Notify.Until, &b.CooldownUntil} {
		*at = moment(*at)
	}
	return b
}

func sorted(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

func moment(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Millisecond)
}
