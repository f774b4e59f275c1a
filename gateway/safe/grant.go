package safe

import (
	"slices"

	"kapok/catalog"
	"kapok/gateway"
)

// grant finds the grant in force that what is wanted would serve.
func (s *Service) grant(directory *catalog.Catalog, w Wanted) (*catalog.Grant, error) {
	system, known := directory.System(w.System)
	if !known || system.Department != w.Department {
		return nil, unknown("/system", "The catalogue holds no such system of this department.")
	}
	now := s.Now()
	for _, grant := range directory.Grants(w.System, w.Item) {
		if now.Before(grant.From) || !now.Before(grant.Expires) {
			continue
		}
		return grant, serves(grant, w)
	}
	failure := gateway.Fail(gateway.Forbidden, "grant-missing", "No grant in force lets this system use this item.")
	failure.Remedy = "The department applies for a grant first."
	return nil, failure
}

func serves(grant *catalog.Grant, w Wanted) error {
	for _, rule := range []struct {
		field, code, says string
		holds             bool
	}{
		{"/operation", "operation-not-granted", "The grant does not allow this operation.", slices.Contains(grant.Operations, w.Operation)},
		{"/service_item", "service-item-not-granted", "The grant is not for this service item.", slices.Contains(grant.ServiceItems, w.ServiceItem)},
		{"/purpose", "purpose-not-granted", "The grant is not for this purpose.", slices.Contains(grant.Purposes, w.Purpose)},
	} {
		if !rule.holds {
			failure := gateway.Fail(gateway.Forbidden, rule.code, rule.says)
			failure.Field = rule.field
			return failure
		}
	}
	return nil
}

func sensitive(item *catalog.Item, fields []string) []string {
	var names []string
	for _, name := range fields {
		if field, known := item.Field(name); known && field.Sensitive {
			names = append(names, name)
		}
	}
	return names
}

func without(names, allowed []string) []string {
	var excess []string
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			excess = append(excess, name)
		}
	}
	return excess
}

func unknown(field, message string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", message)
	failure.Field = field
	return failure
}
