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
	{"uses-counted", "/max_uses", "limits of uses are counts from 1 to 1000000, or left out", nil,
		func(b Basis) bool { return countable(b.MaxUses) && countable(b.PerDay) }},

	{"subject-named", "/subject_ref", "it names exactly one person", personal,
		func(b Basis) bool { return hex32.MatchString(b.SubjectRef) }},
	{"subject-form", "/subject_ref", "a subject reference has 32 hex digits", nil,
		func(b Basis) bool { return b.SubjectRef == "" || hex32.MatchString(b.SubjectRef) }},
	{"consent-by-the-person", "/actor", "a consent is expressed by the person themselves, or under a mandate", given,
		func(b Basis) bool { return (b.Actor.Ref == b.SubjectRef) == (b.Actor.MandateID == "") }},
	{"mandate-form", "/actor", "a mandate's id has 32 hex digits, an assertion's SM3 64", nil,
		func(b Basis) bool {
			return (b.Actor.MandateID == "" || hex32.MatchString(b.Actor.MandateID)) && (b.Actor.Assertion == "" || hex64.MatchString(b.Actor.Assertion))
		}},
	{"guardian-for-children", "/actor", "for a person under 14 a guardian consents (PIPL 31)", given,
		func(b Basis) bool { return b.AgeBand != Under14 || b.Actor.MandateID != "" }},
	{"subject-described", "/subject", "age band and capacity are words of their lists", nil,
		func(b Basis) bool {
			return slices.Contains(ageBands, b.AgeBand) && slices.Contains(capacities, b.Capacity)
		}},
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

	{"optional-within-fields", "/optional", "optional fields are among the fields, none twice, and not all of them", nil,
		func(b Basis) bool {
			return once(b.Optional) && within(b.Optional, b.Fields) && len(b.Optional) < len(b.Fields)
		}},
	{"within-template", "/controls", "fields, operations, uses and time stay within the template that it names", nil,
		func(b Basis) bool {
			return (b.Controls.Template == "") == b.Controls.Bound.empty() && b.Controls.Bound.keeps(b)
		}},
	{"controls-form", "/controls", "template, grant, assessment and catalogue are named by codes", nil,
		func(b Basis) bool {
			for _, name := range []string{b.Controls.Template, b.Controls.Grant, b.Controls.PIPIA, b.Controls.Catalogue} {
				if name != "" && !named(name) {
					return false
				}
			}
			return true
		}},
	{"key-form", "/requester/key_id", "the key that asked is named by its thumbprint (RFC 7638), 43 characters of base64url", nil,
		func(b Basis) bool { return b.KeyID == "" || thumbprint.MatchString(b.KeyID) }},
	{"alternative-told", "/necessity", "a consent that is not required tells the other way (PIPL 16)", given,
		func(b Basis) bool {
			return b.Necessity == Necessity{} || b.Necessity.Required || b.Necessity.Alternative != ""
		}},
	{"automated-explained", "/automated", "a decision without a person is explained (PIPL 24)", nil,
		func(b Basis) bool { return !b.Automated.Decides || b.Automated.Explanation != "" }},
	{"onward-known", "/onward", "onward use is forbidden, or PROVIDER_AGREED", nil,
		func(b Basis) bool { return b.Onward == OnwardForbidden || b.Onward == OnwardAgreed }},
	{"contract-named", "/contract", "a contract is named by its number, and only for CONTRACT", nil,
		func(b Basis) bool {
			return (b.Kind == Contract) == named(b.Contract) && (b.Contract == "" || named(b.Contract))
		}},
	{"cooldown-form", "/cooldown_until", "the cooldown ends within two years of the expiry", nil,
		func(b Basis) bool {
			return b.CooldownUntil.IsZero() || inEra(b.CooldownUntil) && b.CooldownUntil.Sub(b.Expires) <= 2*longestConsent
		}},
	{"written-stepped-up", "/actor", "a written consent carries the assertion of a sign-in for exactly this", []Kind{WrittenConsent},
		func(b Basis) bool { return b.Actor.Assertion != "" }},

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
	// thumbprint begins with - or _ for one key in 32; a code never does.
	thumbprint = regexp.MustCompile(`^[0-9A-Za-z_-]{43}$`)

	code = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/@-]{0,63}$`)
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

func countable(limit int) bool { return limit >= 0 && limit <= 1_000_000 }

var (
	ageBands   = []AgeBand{"", Under14, Under18, Adult}
	capacities = []Capacity{"", Minor, Ward, Deceased, Organisation}
)

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
		b.Contact, b.Through, b.Range, b.Necessity.Alternative, b.Automated.Explanation,
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
