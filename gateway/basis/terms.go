package basis

import (
	"slices"
	"time"

	"kapok/gateway"
)

// AgeBand is what of a person's age bears on who may consent for them (PIPL 31): never
// the age itself.
type AgeBand string

// The age bands; "" is not known.
const (
	Under14 AgeBand = "UNDER_14" // a guardian consents
	Under18 AgeBand = "14_TO_17" // themselves; a guardian sees
	Adult   AgeBand = "ADULT"
)

// Capacity is in what capacity the subject is concerned.
type Capacity string

// The capacities; "" is their own.
const (
	Minor        Capacity = "MINOR"
	Ward         Capacity = "WARD" // an adult with a guardian (民法典 28)
	Deceased     Capacity = "DECEASED"
	Organisation Capacity = "ORGANISATION" // 法人
)

// Necessity says whether the service can be had without the data, and how (PIPL 16).
type Necessity struct {
	Required    bool
	Alternative string // the other way; must be told where it is not required
}

// Automated says whether a decision is made without a person (PIPL 24).
type Automated struct {
	Decides     bool
	Explanation string
}

// Onward says whether the recipient may hand the data on (条例 26).
type Onward string

// What may be done onward.
const (
	OnwardForbidden Onward = "" // where nothing is said
	OnwardAgreed    Onward = "PROVIDER_AGREED"
)

// Controls name what bounds the basis from above: fields ⊆ basis ⊆ template ⊆ grant ⊆
// catalogue.
type Controls struct {
	Template  string // "id@version"; "": the grant is the only bound
	Bound     Bound  // the template's, as it stood
	Grant     string // id of the grant that it serves
	PIPIA     string // number of the impact assessment (PIPL 55); "": none is due
	Catalogue string // digest of the catalogue's edition
}

// Bound is the most that a template allows.
type Bound struct {
	Fields     []string
	Operations []gateway.Operation
	MaxUses    int           // 0: no bound
	Longest    time.Duration // of validity; 0: no bound
}

func (b Bound) empty() bool {
	return len(b.Fields) == 0 && len(b.Operations) == 0 && b.MaxUses == 0 && b.Longest == 0
}

// Beyond names the fields that go beyond the bound.
func (b Bound) Beyond(fields []string) []string {
	var excess []string
	for _, name := range fields {
		if !slices.Contains(b.Fields, name) {
			excess = append(excess, name)
		}
	}
	return excess
}

// keeps reports whether a basis stays within the bound.
func (b Bound) keeps(one Basis) bool {
	if b.empty() {
		return true
	}
	for _, operation := range one.Operations {
		if !slices.Contains(b.Operations, operation) {
			return false
		}
	}
	return len(b.Beyond(one.Fields)) == 0 &&
		(b.MaxUses == 0 || one.MaxUses > 0 && one.MaxUses <= b.MaxUses) &&
		(b.Longest == 0 || one.Expires.Sub(one.From) <= b.Longest)
}
