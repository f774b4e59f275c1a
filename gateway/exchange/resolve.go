package exchange

import (
	"context"
	"fmt"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/predicate"
)

// resolve finds what the request names: the item and its source in the catalogue,
// the person, the access basis.
func (s *Service) resolve(ctx context.Context, u *use) error {
	if err := s.resolveItem(u); err != nil {
		return err
	}
	resolved, err := s.resolver.Resolve(ctx, u.subject, u.ask.BasisID)
	if err != nil {
		return gateway.Fail(gateway.Unavailable, "store-unavailable", "The person and the basis could not be looked up; try again.").Because(err)
	}
	u.resolved = resolved
	return nil
}

func (s *Service) resolveItem(u *use) error {
	item, known := u.live.Catalog.Item(u.ask.Item)
	if !known {
		return fieldNotFound("/item", "item-unknown", "The catalogue holds no such data item.")
	}
	u.item = item
	if _, known := u.live.Catalog.ServiceItem(u.ask.ServiceItem); !known {
		return fieldNotFound("/service_item", "service-item-unknown", "The catalogue holds no such service item.")
	}
	if !u.subject.IsZero() && !item.Serves(u.subject.Type) {
		return invalidField("/subject/id_type", "this item is not held about holders of this type")
	}
	if unknown := unknownFields(item, u.ask.Fields); len(unknown) > 0 {
		failure := gateway.Fail(gateway.Excess, "fields-unknown", "The item has no such fields; they are named.")
		failure.Field, failure.Fields = "/fields", unknown
		return failure
	}
	if err := testsSuit(item, u.ask.Tests); err != nil {
		return err
	}
	u.source, known = u.live.Sources.Source(item.Code)
	if !known && item.SharedType != catalog.NotShared {
		return gateway.Fail(gateway.NotBuilt, "not-built", "The protocol of this item's source is not built yet.")
	}
	if u.subject.IsZero() && !u.source.ByReference {
		return invalidField("/subject", "subject is required: this item's source asks by the number")
	}
	return nil
}

func unknownFields(item *catalog.Item, asked []string) []string {
	var unknown []string
	for _, name := range asked {
		if _, known := item.Field(name); !known {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// testsSuit checks each test against its field's type.
func testsSuit(item *catalog.Item, tests []predicate.Test) error {
	for i, test := range tests {
		field, _ := item.Field(test.Field) // unknown ones were refused
		if err := test.Check(string(field.Type)); err != nil {
			return invalidField(fmt.Sprintf("/tests/%d", i), err.Error())
		}
	}
	return nil
}

func fieldNotFound(field, code, message string) *gateway.Error {
	failure := gateway.Fail(gateway.NotFound, code, message)
	failure.Field = field
	return failure
}
