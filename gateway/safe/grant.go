package safe

import (
	"context"
	"slices"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/policies"
)

// grant finds the grant in force that what is wanted would serve.
func (s *Service) grant(ctx context.Context, directory *catalog.Catalog, w Wanted) (*policies.Grant, error) {
	system, known := directory.System(w.System)
	if !known || system.Department != w.Department {
		return nil, unknown("/system", "The catalogue holds no such system of this department.")
	}
	held, err := s.held(ctx, directory, w)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	for _, grant := range held {
		if now.Before(grant.From) || !now.Before(grant.Expires) {
			continue
		}
		if serves(grant, w) == nil && len(without(w.Fields, grant.Fields)) == 0 {
			return grant, nil
		}
	}
	for _, grant := range held { // none has it all: the first in force says what is wrong
		if !now.Before(grant.From) && now.Before(grant.Expires) {
			return grant, serves(grant, w)
		}
	}
	failure := gateway.Fail(gateway.Forbidden, "grant-missing", "No grant in force lets this system use this item.")
	failure.Remedy = "The department applies for a grant first."
	return nil, failure
}

// held are the grants that the catalogue and the workflow gave the system.
func (s *Service) held(ctx context.Context, directory *catalog.Catalog, w Wanted) ([]*policies.Grant, error) {
	var held []*policies.Grant
	for _, g := range directory.Grants(w.System, w.Item) {
		held = append(held, &policies.Grant{
			ID: g.ID, Fields: g.Fields, Operations: g.Operations, ServiceItems: g.ServiceItems, Purposes: g.Purposes, From: g.From, Expires: g.Expires,
		})
	}
	issued, err := s.Issued.InForce(ctx, w.System, w.Item)
	return append(held, issued...), err
}

func serves(grant *policies.Grant, w Wanted) error {
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
