package catalog

import (
	"fmt"
	"maps"
	"slices"
)

// judge applies the rules that look at more than one record. They run only on a
// catalogue whose references all hold.
func (l *loader) judge() {
	for _, department := range l.found.departments {
		apply(l, name{"department", department.ID}, department, departmentRules)
	}
	for _, system := range l.found.systems {
		apply(l, name{"system", system.ID}, system, systemRules)
	}
	for _, federation := range l.found.federations {
		apply(l, name{"federation", federation.ID}, federation, federationRules)
	}
	for _, item := range l.found.items {
		apply(l, name{"item", item.Code}, item, itemRules)
	}
	for _, entry := range l.found.returned {
		apply(l, name{"return list entry", entry.Code}, entry, returnedRules)
	}
	for _, kind := range l.found.licenceTypes {
		apply(l, name{"licence type", kind.Code}, kind, licenceTypeRules)
	}
	for _, template := range l.found.templates {
		apply(l, name{"template", template.ID}, template, templateRules)
	}
	for _, grant := range l.found.grants {
		apply(l, name{"grant", grant.ID}, grant, grantRules)
	}
	l.needs()
	l.circles()
}

func apply[T any](l *loader, key name, entry T, rules []func(*Catalog, T) error) {
	for _, rule := range rules {
		if err := rule(l.found, entry); err != nil {
			l.report(l.defined[key], "%s %q: %v", key.kind, key.id, err)
		}
	}
}

var itemRules = []func(*Catalog, *Item) error{
	itemHasFields,
	itemHasSubjects,
	itemSourceNamesDiffer,
	itemKeepsItsSource,
}

func itemHasFields(_ *Catalog, i *Item) error {
	if len(i.Fields) == 0 {
		return fmt.Errorf("an item has at least one field")
	}
	return nil
}

func itemHasSubjects(_ *Catalog, i *Item) error {
	if len(i.Subjects) == 0 {
		return fmt.Errorf("an item says whom it may be asked about")
	}
	return nil
}

// itemKeepsItsSource: what a source settles, its address or the views that may be
// read, holds for all its items.
func itemKeepsItsSource(c *Catalog, i *Item) error {
	source, known := c.sources[i.Source]
	if !known {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(i.SourceSettings)) {
		if _, settled := source.Settings[name]; settled {
			return fmt.Errorf("its source settles %q for all items", name)
		}
	}
	return nil
}

func itemSourceNamesDiffer(_ *Catalog, i *Item) error {
	seen := map[string]bool{}
	for _, field := range i.Fields {
		if seen[field.SourceName] {
			return fmt.Errorf("two fields have the source name %q", field.SourceName)
		}
		seen[field.SourceName] = true
	}
	return nil
}

var grantRules = []func(*Catalog, *Grant) error{
	grantNamesSomething,
	grantSystemIsTheDepartments,
	grantServiceItemsAreTheDepartments,
	grantProvisionCoversIt,
	grantItemIsShared,
	grantVersionExists,
	grantFieldsExist,
	grantEndsAfterItBegins,
}

func grantNamesSomething(_ *Catalog, g *Grant) error {
	if len(g.Fields) == 0 || len(g.Operations) == 0 || len(g.ServiceItems) == 0 || len(g.Purposes) == 0 {
		return fmt.Errorf("a grant names at least one field, operation, service item and purpose")
	}
	return nil
}

func grantSystemIsTheDepartments(c *Catalog, g *Grant) error {
	if owner := c.systems[g.System].Department; owner != g.Department {
		return fmt.Errorf("the system belongs to the department %q", owner)
	}
	return nil
}

func grantServiceItemsAreTheDepartments(c *Catalog, g *Grant) error {
	for _, code := range g.ServiceItems {
		if owner := c.serviceItems[code].Department; owner != g.Department {
			return fmt.Errorf("the service item %q is handled by the department %q", code, owner)
		}
	}
	return nil
}

func grantProvisionCoversIt(c *Catalog, g *Grant) error {
	provision := c.provisions[g.LegalProvision]
	if !slices.Contains(provision.Departments, g.Department) {
		return fmt.Errorf("the provision %q does not empower the department", provision.ID)
	}
	for _, code := range g.ServiceItems {
		if !slices.Contains(provision.ServiceItems, code) {
			return fmt.Errorf("the provision %q does not cover the service item %q", provision.ID, code)
		}
	}
	return nil
}

func grantItemIsShared(c *Catalog, g *Grant) error {
	if c.items[g.Item].SharedType == NotShared {
		return fmt.Errorf("the item's sharing type is 不予, so nothing of it can be granted")
	}
	return nil
}

// grantVersionExists allows an older version: such a grant stays on the books and
// is refused when used, with the reason.
func grantVersionExists(c *Catalog, g *Grant) error {
	if current := c.items[g.Item].Version; g.ItemVersion > current {
		return fmt.Errorf("the item's version is %d, not yet %d", current, g.ItemVersion)
	}
	return nil
}

func grantFieldsExist(c *Catalog, g *Grant) error {
	item := c.items[g.Item]
	if g.ItemVersion != item.Version {
		return nil // the fields of an older version are not on record
	}
	for _, field := range g.Fields {
		if _, known := item.Field(field); !known {
			return fmt.Errorf("the item has no field %q", field)
		}
	}
	return nil
}

func grantEndsAfterItBegins(_ *Catalog, g *Grant) error {
	if !g.Expires.After(g.From) {
		return fmt.Errorf("it expires before it begins")
	}
	return nil
}
