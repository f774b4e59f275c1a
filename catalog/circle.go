package catalog

import (
	"fmt"
	"slices"
)

var departmentRules = []func(*Catalog, *Department) error{departmentIsUnderNoneOfItsOwn}

// departmentIsUnderNoneOfItsOwn follows the departments above until there is none.
func departmentIsUnderNoneOfItsOwn(c *Catalog, d *Department) error {
	for above, steps := d.Parent, 0; above != "" && steps <= len(c.departments); above, steps = c.departments[above].Parent, steps+1 {
		if above == d.ID {
			return fmt.Errorf("the departments above it lead back to it")
		}
	}
	return nil
}

// circles reports the matters that nobody can ever bring: a material of theirs is had
// only by licences whose own issue needs, in the end, such a matter to have been
// brought. A renewal that needs the licence it renews is no circle where another matter
// issues the first one.
func (l *loader) circles() {
	issued := l.found.issuedBy()
	stuck := map[string]*ServiceItem{}
	for code, matter := range l.found.serviceItems {
		stuck[code] = matter
	}
	for freed := true; freed; {
		freed = false
		for code, matter := range stuck {
			if !slices.ContainsFunc(matter.Materials, func(m Material) bool { return m.stuck(issued, stuck) }) {
				delete(stuck, code)
				freed = true
			}
		}
	}
	for code, matter := range stuck {
		for _, material := range matter.Materials {
			if material.stuck(issued, stuck) {
				l.report(l.defined[name{"service item", code}], "service item %q: the material %q is had only by licences whose issue leads back to it", code, material.Name)
			}
		}
	}
}

// issuedBy says for the item of each licence type which matters issue it.
func (c *Catalog) issuedBy() map[string][]string {
	issued := map[string][]string{}
	for _, kind := range c.licenceTypes {
		for _, issuer := range kind.Issuers {
			issued[kind.Item] = append(issued[kind.Item], issuer.ServiceItems...)
		}
	}
	return issued
}

// stuck reports whether a material can be had only by licences that stuck matters issue.
// What no matter of the catalogue issues comes from elsewhere.
func (m Material) stuck(issued map[string][]string, stuck map[string]*ServiceItem) bool {
	for _, item := range m.ReplacedBy {
		matters := issued[item]
		if len(matters) == 0 || slices.ContainsFunc(matters, func(code string) bool { return stuck[code] == nil }) {
			return false
		}
	}
	return len(m.ReplacedBy) > 0
}
