package peer

import (
	"fmt"
	"slices"

	"kapok/connectors/settings"
	"kapok/gateway"
)

// declared is what the catalogue says of one item at another Kapok.
type declared struct {
	member    string
	item      string
	operation gateway.Operation
	matter    string // "": the asker's own
	purpose   string // "": the asker's own
}

// operations hand values over; what this Kapok's caller gets of them is decided here.
var operations = []gateway.Operation{gateway.View, gateway.Copy}

// parse reads settings as the catalogue holds them. Required: member (its id on the
// federation's list), item (its code there). Optional: operation (VIEW or COPY; VIEW),
// service_item and purpose where theirs have other codes there.
func parse(given map[string]string) (declared, error) {
	d := declared{}
	operation := string(gateway.View)
	known := map[string]*string{"member": &d.member, "item": &d.item, "operation": &operation, "service_item": &d.matter, "purpose": &d.purpose}
	if err := settings.Read(given, known, nil); err != nil {
		return d, err
	}
	d.operation = gateway.Operation(operation)
	if !slices.Contains(operations, d.operation) {
		return d, fmt.Errorf("setting operation is not one of %v", operations)
	}
	return d, settings.Complete(settings.Required{Name: "member", Value: d.member}, settings.Required{Name: "item", Value: d.item})
}
