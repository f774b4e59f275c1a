package policies

// The codes of refusals, stable and part of the API.
const (
	ItemNotShared          = "item-not-shared"
	GrantMissing           = "grant-missing"
	GrantNotYetValid       = "grant-not-yet-valid"
	GrantExpired           = "grant-expired"
	GrantHours             = "grant-hours"
	GrantNetwork           = "grant-network"
	ItemVersion            = "item-version"
	OperationNotGranted    = "operation-not-granted"
	ServiceItemNotGranted  = "service-item-not-granted"
	PurposeNotGranted      = "purpose-not-granted"
	BasisMissing           = "basis-missing"
	BasisEnded             = "basis-ended"
	BasisMismatch          = "basis-mismatch"
	FieldsExceed           = "fields-exceed"
	SensitiveNeedsSeparate = "sensitive-needs-separate-consent"
	PredicateOnly          = "predicate-only"
	PolicyForbids          = "policy-forbids"
	PolicySilent           = "policy-silent"
	PolicyError            = "policy-error"
)

// Decision is the answer. It holds names and codes, no personal value, so it may be
// shown to the caller and recorded whole.
type Decision struct {
	Allowed     bool     `json:"allowed"`
	Code        string   `json:"code,omitempty"`        // why not; "" when allowed
	Excess      []string `json:"excess,omitempty"`      // the fields too many, for [FieldsExceed], [SensitiveNeedsSeparate] and [PredicateOnly]
	Reasons     []Reason `json:"reasons"`               // at least one, the first decides
	Obligations []string `json:"obligations,omitempty"` // "mask:phone", "notify", …: see the package; only when allowed
	Remedy      Remedy   `json:"remedy,omitzero"`       // only when refused
	Grant       string   `json:"grant,omitempty"`       // the grant looked at
	Basis       string   `json:"basis,omitempty"`       // the basis looked at
	PolicySet   string   `json:"policy_set"`            // digest of the set that decided
}

// Reason is one ground of a decision, in both languages.
type Reason struct {
	Policy string `json:"policy"` // a policy's @id; for the rules of this package, the code
	Zh     string `json:"zh"`
	En     string `json:"en"`
}

// Remedy says what would make a refused request allowed: in words, and as steps for
// whoever shows where each is done.
type Remedy struct {
	Zh    string `json:"zh"`
	En    string `json:"en"`
	Steps []Step `json:"steps,omitempty"` // any one of them may do; [DropFields] first where it does
}

// Step is one thing to do.
type Step struct {
	Do     Action   `json:"do"`
	Fields []string `json:"fields,omitempty"` // which fields it is about
}

// Action is what a step is. The names are stable and part of the API.
type Action string

// The actions.
const (
	DropFields        Action = "drop-fields"        // ask for less
	ChangeRequest     Action = "change-request"     // another operation, purpose, matter or case
	ObtainBasis       Action = "obtain-basis"       // a consent of the person
	RegisterStatutory Action = "register-statutory" // a duty laid down by law
	ResumeBasis       Action = "resume-basis"
	ApplyForGrant     Action = "apply-for-grant"
	RenewGrant        Action = "renew-grant"
	ChangeCatalogue   Action = "change-catalogue" // the item, its sharing type, a template
	ProposePolicy     Action = "propose-policy"
	Wait              Action = "wait"
)

// by returns the remedy with its steps.
func (r Remedy) by(actions ...Action) Remedy {
	for _, action := range actions {
		r.Steps = append(r.Steps, Step{Do: action})
	}
	return r
}
