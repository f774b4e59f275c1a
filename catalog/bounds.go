package catalog

import (
	"fmt"
	"math/big"
	"strings"

	"kapok/gateway"
)

// digits are the check digits that a field's values can have.
var digits = map[string]func(value string) error{
	"citizen-id": func(value string) error {
		_, err := gateway.ParseIdentity(gateway.CitizenID, value)
		return err
	},
	"credit-code": gateway.CheckCreditCode,
}

func knownDigit(text string) error {
	if _, known := digits[text]; known {
		return nil
	}
	return oneOf("citizen-id", "credit-code")(text)
}

// order compares two values of a type; a type that is not here has no order.
var order = map[FieldType]func(a, b string) int{
	"integer": compareNumbers,
	"decimal": compareNumbers,
	"date":    strings.Compare,
	"month":   strings.Compare,
}

func compareNumbers(a, b string) int {
	left, _ := new(big.Rat).SetString(a) // the type's own check has accepted both
	right, _ := new(big.Rat).SetString(b)
	return left.Cmp(right)
}

// within reports whether a value of the field's type lies between its bounds.
func (f *Field) within(value string) bool {
	return (f.Min == "" || order[f.Type](value, f.Min) >= 0) && (f.Max == "" || order[f.Type](value, f.Max) <= 0)
}

// bounds reports bounds that no value of the field's type can be compared with, and
// leaves them out.
func (f *Field) bounds(r *record) {
	for key, bound := range map[string]*string{"min": &f.Min, "max": &f.Max} {
		if *bound == "" {
			continue
		}
		if err := f.bound(*bound); err != nil {
			r.loader.report(r.place(key), "%s: %v", key, err)
			*bound = ""
		}
	}
	if f.Min != "" && f.Max != "" && order[f.Type](f.Min, f.Max) > 0 {
		r.loader.report(r.place("max"), "max: it is less than min")
	}
}

func (f *Field) bound(text string) error {
	if order[f.Type] == nil {
		return fmt.Errorf("the type %q has no order, so it has no bounds", f.Type)
	}
	if !types[f.Type](text) {
		return fmt.Errorf("%q is not of the type %q", text, f.Type)
	}
	return nil
}
