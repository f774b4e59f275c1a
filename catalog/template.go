package catalog

import (
	"fmt"
	"slices"

	"kapok/gateway"
)

// Template is the most that one system asks of a person for one purpose (授权模板), and
// what it has to tell them. It is an upper bound: a basis stays within its template, a
// template within a grant.
type Template struct {
	ID           string              `json:"id"`
	Version      int                 `json:"version"`
	Kind         string              `json:"kind"` // CONSENT, WRITTEN_CONSENT or CONTRACT
	Department   string              `json:"department"`
	System       string              `json:"system"`
	Item         string              `json:"item"`
	Fields       []string            `json:"fields"`
	Optional     []string            `json:"optional"` // those of Fields that the person may leave out
	Operations   []gateway.Operation `json:"operations"`
	ServiceItems []string            `json:"service_items"`
	Purposes     []string            `json:"purposes"`
	MaxUses      int                 `json:"max_uses,omitempty"` // 0: no bound
	LongestDays  int                 `json:"longest_days"`       // of validity
	KeepDays     int                 `json:"keep_days,omitempty"`
	Required     bool                `json:"required,omitempty"`    // the service cannot be had without the data (PIPL 16)
	Alternative  string              `json:"alternative,omitempty"` // the other way, where it is not required
	Automated    string              `json:"automated,omitempty"`   // what is decided without a person, and how to have one (PIPL 24)
	Assessment   string              `json:"assessment,omitempty"`  // number of the impact assessment (PIPL 55)
	Contact      string              `json:"contact"`
}

func (l *loader) template(r *record) {
	t := &Template{
		ID:           r.define("template", "id", identifier),
		Version:      r.number("version"),
		Kind:         r.text("kind", oneOf("CONSENT", "WRITTEN_CONSENT", "CONTRACT")),
		Department:   r.refer("department", "department"),
		System:       r.refer("system", "system"),
		Item:         r.refer("item", "item"),
		Fields:       r.texts("fields", fieldName),
		Optional:     r.texts("optional", fieldName),
		ServiceItems: r.refers("service item", "service_items"),
		Purposes:     r.refers("purpose", "purposes"),
		MaxUses:      r.count("max_uses"),
		LongestDays:  r.number("longest_days"),
		KeepDays:     r.count("keep_days"),
		Required:     r.flag("required"),
		Alternative:  r.optional("alternative"),
		Automated:    r.optional("automated"),
		Assessment:   r.optional("assessment", materialCode),
		Contact:      r.text("contact"),
	}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		t.Operations = append(t.Operations, gateway.Operation(name))
	}
	l.found.templates[t.ID] = t
}

var templateRules = []func(*Catalog, *Template) error{
	templateSystemIsTheDepartments,
	templateFieldsExist,
	templateTellsTheOtherWay,
}

func templateSystemIsTheDepartments(c *Catalog, t *Template) error {
	if owner := c.systems[t.System].Department; owner != t.Department {
		return fmt.Errorf("the system belongs to the department %q", owner)
	}
	return nil
}

func templateFieldsExist(c *Catalog, t *Template) error {
	for _, field := range t.Fields {
		if _, known := c.items[t.Item].Field(field); !known {
			return fmt.Errorf("the item has no field %q", field)
		}
	}
	for _, field := range t.Optional {
		if !slices.Contains(t.Fields, field) {
			return fmt.Errorf("the optional field %q is not among its fields", field)
		}
	}
	if len(t.Fields) == 0 || len(t.Operations) == 0 || len(t.Optional) == len(t.Fields) {
		return fmt.Errorf("a template names operations, and fields of which some are not optional")
	}
	return nil
}

func templateTellsTheOtherWay(_ *Catalog, t *Template) error {
	if !t.Required && t.Alternative == "" {
		return fmt.Errorf("where the data is not required, the other way is told (PIPL 16)")
	}
	return nil
}
