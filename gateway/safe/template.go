package safe

import (
	"slices"
	"strconv"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/basis"
)

// bounded holds what is wanted against the template that it names, and takes over what
// the template says. Without a template the grant is the only bound.
func bounded(directory *catalog.Catalog, w Wanted, b basis.Basis) (basis.Basis, error) {
	if w.Template == "" {
		return b, nil
	}
	template, known := directory.Template(w.Template)
	if !known || template.System != w.System || template.Item != w.Item {
		return basis.Basis{}, unknown("/template", "The catalogue holds no such template for this system and item.")
	}
	if excess := without(w.Fields, template.Fields); len(excess) > 0 {
		failure := gateway.Fail(gateway.Excess, "fields-exceed", "The fields go beyond the template; those in excess are named.")
		failure.Field, failure.Fields = "/fields", excess
		return basis.Basis{}, failure
	}
	for _, rule := range templateRules {
		if !rule.holds(template, w) {
			failure := gateway.Fail(gateway.Excess, "template-exceeded", rule.says)
			failure.Field = rule.field
			return basis.Basis{}, failure
		}
	}
	return underTemplate(template, w, b), nil
}

var templateRules = []struct {
	field, says string
	holds       func(*catalog.Template, Wanted) bool
}{
	{"/operation", "The template does not allow this operation.", func(t *catalog.Template, w Wanted) bool { return slices.Contains(t.Operations, w.Operation) }},
	{"/service_item", "The template is not for this matter.", func(t *catalog.Template, w Wanted) bool { return slices.Contains(t.ServiceItems, w.ServiceItem) }},
	{"/purpose", "The template is not for this purpose.", func(t *catalog.Template, w Wanted) bool { return slices.Contains(t.Purposes, w.Purpose) }},
	{"/optional", "What the person may leave out is what the template says.", func(t *catalog.Template, w Wanted) bool { return len(without(w.Optional, t.Optional)) == 0 }},
	{"/max_uses", "More uses than the template allows.", func(t *catalog.Template, w Wanted) bool {
		return t.MaxUses == 0 || w.MaxUses > 0 && w.MaxUses <= t.MaxUses
	}},
	{"/expires", "Longer than the template allows.", func(t *catalog.Template, w Wanted) bool { return w.Expires.Sub(w.now) <= longest(t) }},
}

func longest(t *catalog.Template) time.Duration {
	return time.Duration(t.LongestDays) * 24 * time.Hour
}

func underTemplate(t *catalog.Template, w Wanted, b basis.Basis) basis.Basis {
	b.Kind, b.Optional, b.Contact = basis.Kind(t.Kind), w.Optional, t.Contact
	b.EraseAt = w.Expires.AddDate(0, 0, t.KeepDays)
	b.Necessity = basis.Necessity{Required: t.Required, Alternative: t.Alternative}
	b.Automated = basis.Automated{Decides: t.Automated != "", Explanation: t.Automated}
	b.Controls.Template, b.Controls.PIPIA = t.ID+"@"+strconv.Itoa(t.Version), t.Assessment
	b.Controls.Bound = basis.Bound{Fields: t.Fields, Operations: t.Operations, MaxUses: t.MaxUses, Longest: longest(t)}
	return b
}
