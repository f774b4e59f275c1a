package exchange

import (
	"errors"
	"fmt"

	"kapok/catalog"
	"kapok/policies"
)

// policiesFit refuses policies that name what the catalogue does not hold: a forbid
// with a mistyped code would never bite, and nobody would notice.
func policiesFit(set *policies.Set, c *catalog.Catalog) error {
	var wrong []error
	for _, mention := range set.Mentions() {
		holds, checked := catalogueHolds[mention.Kind]
		if checked && !holds(c, mention.ID) {
			wrong = append(wrong, fmt.Errorf("policy %s names %s %q, which the catalogue does not hold", mention.Policy, mention.Kind, mention.ID))
		}
	}
	return errors.Join(wrong...)
}

var catalogueHolds = map[string]func(c *catalog.Catalog, id string) bool{
	"Department": func(c *catalog.Catalog, id string) bool { _, known := c.Department(id); return known },
	"System":     func(c *catalog.Catalog, id string) bool { _, known := c.System(id); return known },
	"Item":       func(c *catalog.Catalog, id string) bool { _, known := c.Item(id); return known },
}
