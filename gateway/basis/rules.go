package basis

import (
	"regexp"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"kapok/gateway"
)

// The longest that a basis lasts. None is endless.
const (
	longestConsent   = 366 * 24 * time.Hour
	longestStatutory = 5 * 366 * 24 * time.Hour
	longestEmergency = 24 * time.Hour

	// longestKeeping is how long a recipient may keep data past the end of its basis.
	longestKeeping = 30 * 366 * 24 * time.Hour
)

// lasts is the longest life by kind.
var lasts = map[Kind]time.Duration{
	Consent: longestConsent, SeparateConsent: longestConsent, WrittenConsent: longestConsent, Contract: longestConsent,
	Statutory: longestStatutory,
	Emergency: longestEmergency,
}

const (
	maxFields = 60   // their names fit one field of a ledger entry
	maxText   = 1024 // bytes of a text for people
)

// rule is one thing that must hold. name is stable, field points into the draft as
// the API has it, and says is the rule in words.
type rule struct {
	name  string
	field string
	says  string
	kinds []Kind // nil: every kind
	holds func(Basis) bool
}

// rules are read top to bottom; the first that does not hold is reported.
var rules = []rule{
	{"kind-known", "/kind", "kind is CONSENT, SEPARATE_CONSENT, WRITTEN_CONSENT, STATUTORY, EMERGENCY or CONTRACT", nil,
		func(b Basis) bool { return b.Kind.Known() }},
	{"id-form", "/id", "an id has 32 hex digits", nil,
		func(b Basis) bool { return hex32.MatchString(b.ID) }},
	{"supersedes-form", "/supersedes", "supersedes is the id of another basis", nil,
		func(b Basis) bool {
			return b.Supersedes == "" || hex32.MatchString(b.Supersedes) && b.Supersedes != b.ID
		}},
	{"uses-uncounted", "/max_uses", "a limit of uses is not built yet; leave it out", nil,
		func(b Basis) bool { return b.MaxUses == 0 }},

	{"subject-named", "/subject_ref", "it names exactly one person", personal,
		func(b Basis) bool { return hex32.MatchString(b.SubjectRef) }},
	{"subject-form", "/subject_ref", "a subject reference has 32 hex digits", nil,
		func(b Basis) bool { return b.SubjectRef == "" || hex32.MatchString(b.SubjectRef) }},
	{"consent-by-the-person", "/actor", "a consent is expressed by the person themselves; mandates are not built yet", given,
		func(b Basis) bool { return b.Actor.Ref == b.SubjectRef }},
	{"actor-named", "/actor", "who expressed it is named, with the level and the method of their sign-in", nil,
		func(b Basis) bool { return named(b.Actor.Ref) && named(b.Actor.AuthLevel) && named(b.Actor.Method) }},

	{"one-recipient-department", "/department", "it names exactly one department as the recipient", nil,
		func(b Basis) bool { return named(b.Department) }},
	{"one-recipient-system", "/system", "it names exactly one system of the recipient", nil,
		func(b Basis) bool { return named(b.System) }},
	{"provider-named", "/provider", "it names the department that provides the data", nil,
		func(b Basis) bool { return named(b.Provider) }},
	{"item-named", "/item", "it names one item of the catalogue", nil,
		func(b Basis) bool { return named(b.Item) }},
	{"item-version", "/item_version", "it names the item's version, 1 or more", nil,
		func(b Basis) bool { return b.ItemVersion > 0 }},
	{"fields-once", "/fields", "it names 1 to 60 fields, none twice", nil,
		func(b Basis) bool { return len(b.Fields) > 0 && once(b.Fields) }},
	{"operations-once", "/operations", "it names 1 or more of VERIFY, PREDICATE, VIEW, COPY, none twice", nil,
		func(b Basis) bool { return len(b.Operations) > 0 && onceKnown(b.Operations) }},
	{"sensitive-within-fields", "/sensitive", "sensitive fields are among the fields, none twice", nil,
		func(b Basis) bool { return once(b.Sensitive) && within(b.Sensitive, b.Fields) }},
	{"sensitive-separate", "/sensitive", "sensitive fields need a separate or written consent (PIPL 29)", []Kind{Consent},
		func(b Basis) bool { return len(b.Sensitive) == 0 }},

	{"purpose-named", "/purpose", "it names a purpose by its code", nil,
		func(b Basis) bool { return named(b.Purpose) }},
	{"purpose-told", "/purpose_text", "a consent tells the purpose in plain words, at most 1024 bytes", given,
		func(b Basis) bool { return b.PurposeText != "" }},
	{"matter-named", "/service_item", "it names the matter (事项)", nil,
		func(b Basis) bool { return named(b.ServiceItem) }},
	{"case-form", "/case_no", "a case number has at most 64 letters, digits, - _ . /", nil,
		func(b Basis) bool { return b.CaseNo == "" || named(b.CaseNo) }},
	{"provision-named", "/legal_provision", "law and article are named", []Kind{Statutory, Emergency},
		func(b Basis) bool { return b.LegalProvision.Law != "" && b.LegalProvision.Article != "" }},
	{"provision-unneeded", "/legal_provision", "a consent rests on itself, not on an article", given,
		func(b Basis) bool { return b.LegalProvision == LegalProvision{} }},
	{"emergency-answerable", "/incident", "an emergency names its incident, its reason and a second person who approved", []Kind{Emergency},
		func(b Basis) bool {
			return named(b.Incident.Number) && b.Incident.Reason != "" && named(b.Incident.Approver) && b.Incident.Approver != b.Actor.Ref
		}},
	{"emergency-alone", "/incident", "only an emergency has an incident", []Kind{Consent, SeparateConsent, WrittenConsent, Statutory, Contract},
		func(b Basis) bool { return b.Incident == Incident{} }},

	{"validity-order", "/expires", "the expiry is given and lies after the start", nil,
		func(b Basis) bool { return inEra(b.From) && inEra(b.Expires) && b.Expires.After(b.From) }},
	{"validity-bounded", "/expires", "a consent or contract lasts a year at most, a statutory basis 5 years, an emergency 24 hours", nil,
		func(b Basis) bool { return b.Expires.Sub(b.From) <= lasts[b.Kind] }},
	{"erasure-bounded", "/erase_at", "what is kept is erased at a day between the expiry and 30 years later", nil,
		func(b Basis) bool {
			return inEra(b.EraseAt) && !b.EraseAt.Before(b.Expires) && b.EraseAt.Sub(b.Expires) <= longestKeeping
		}},

	{"notice-shown", "/notice", "a consent names the notice that was shown: id, version, SM3 of its text, language, moment", given,
		func(b Basis) bool { return b.Notice.complete() }},
	{"notice-before", "/notice", "the notice was shown before the consent begins", given,
		func(b Basis) bool { return !b.Notice.ShownAt.After(b.From) }},
	{"notice-whole", "/notice", "a notice is named whole or not at all", nil,
		func(b Basis) bool { return b.Notice.empty() || b.Notice.complete() }},
	{"separate-acknowledged", "/notice/separate_ack", "each sensitive field was agreed to by itself, and nothing else is in the list", given,
		func(b Basis) bool { return slices.Equal(b.Notice.SeparateAck, b.Sensitive) }},

	{"notify-known", "/notify", "the notification is IMMEDIATE, DELAYED or SUPPRESSED", nil,
		func(b Basis) bool { return slices.Contains([]Mode{Immediate, Delayed, Suppressed}, b.Notify.Mode) }},
	{"notify-consent", "/notify", "who consented is told of each use at once", given,
		func(b Basis) bool { return b.Notify.Mode == Immediate }},
	{"notify-grounded", "/notify", "a notification held back names its ground, its approver and its end", nil,
		func(b Basis) bool { return b.Notify.grounded() }},
	{"rights-told", "/rights", "a consent tells how to withdraw it and whom to ask", given,
		func(b Basis) bool { return b.Rights.Withdraw != "" && b.Rights.Contact != "" }},

	{"text-plain", "", "every text is UTF-8 of at most 1024 bytes without control characters", nil,
		func(b Basis) bool { return !slices.ContainsFunc(b.texts(), unfit) }},
}

var personal = []Kind{Consent, SeparateConsent, WrittenConsent, Emergency, Contract}

// check applies every rule of the kind.
func (b Basis) check() error {
	for _, rule := range rules {
		if rule.kinds != nil && !slices.Contains(rule.kinds, b.Kind) {
			continue
		}
		if !rule.holds(b) {
			return broken(rule.field, rule.says+" ("+rule.name+")")
		}
	}
	return nil
}

func broken(field, says string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "basis-invalid", "The access basis breaks a rule: "+says+".")
	failure.Field = field
	return failure
}

var (
	hex32 = regexp.MustCompile(`^[0-9a-f]{32}$`)
	hex64 = regexp.MustCompile(`^[0-9a-f]{64}$`)
	code  = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/@-]{0,63}$`)
)

// named reports whether a code is there and of the form that codes have.
func named(s string) bool { return code.MatchString(s) }

// once expects the names in order.
func once(names []string) bool {
	if len(names) > maxFields {
		return false
	}
	for i, name := range names {
		if !named(name) || i > 0 && names[i-1] >= name {
			return false
		}
	}
	return true
}

func onceKnown(operations []gateway.Operation) bool {
	for i, operation := range operations {
		at := slices.Index(gateway.Operations(), operation)
		if at < 0 || i > 0 && slices.Index(gateway.Operations(), operations[i-1]) >= at {
			return false
		}
	}
	return true
}

func within(some, all []string) bool {
	for _, name := range some {
		if !slices.Contains(all, name) {
			return false
		}
	}
	return true
}

// inEra refuses a moment left out, and years that RFC 3339 cannot write.
func inEra(at time.Time) bool { return at.Year() >= 2000 && at.Year() <= 9999 }

func (n Notice) complete() bool {
	return named(n.ID) && named(n.Version) && hex64.MatchString(n.SM3) && named(n.Language) && inEra(n.ShownAt)
}

func (n Notice) empty() bool {
	return n.ID == "" && n.Version == "" && n.SM3 == "" && n.Language == "" && n.ShownAt.IsZero() && len(n.SeparateAck) == 0
}

func (n Notify) grounded() bool {
	if n.Mode == Immediate {
		return n == Notify{Mode: Immediate}
	}
	return n.Ground != "" && named(n.Approver) && inEra(n.Until)
}

// texts are the members that are not codes.
func (b Basis) texts() []string {
	return []string{
		b.Unit, b.PurposeText, b.LegalProvision.ID, b.LegalProvision.Law, b.LegalProvision.Article, b.Incident.Reason,
		b.Notify.Ground, b.Rights.Withdraw, b.Rights.Objection, b.Rights.Contact, b.Rights.Regulator,
	}
}

func unfit(text string) bool {
	if len(text) > maxText || !utf8.ValidString(text) {
		return true
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return true
		}
	}
	return false
}
