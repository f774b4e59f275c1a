package httpapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/jsonschema/v6/kind"

	"kapok/gateway"
)

// invalid is the problem of a field that breaks its rule.
func invalid(field, rule string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule)
	failure.Field = field
	return failure
}

func missing(field string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "field-missing", "A required field is missing.")
	failure.Field = field
	return failure
}

// unknownMember names a member that nobody knows only where its name can be nothing
// but a name: the caller chose it, and it might be somebody's number.
func unknownMember(field, rule string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "member-unknown", rule)
	if plainName.MatchString(field[strings.LastIndexByte(field, '/')+1:]) {
		failure.Field = field
	}
	return failure
}

var plainName = regexp.MustCompile(`^[a-z][a-z_]{0,31}$`)

// brokenRule turns what JSON Schema found into a problem: the first by place, that
// names the field and the rule and never what was sent.
func brokenRule(found *jsonschema.ValidationError, prefix string) *gateway.Error {
	leaves := leavesOf(found, nil)
	slices.SortStableFunc(leaves, func(a, b *jsonschema.ValidationError) int {
		return strings.Compare(pointer(a), pointer(b))
	})
	leaf := leaves[0]
	place := prefix + pointer(leaf)
	switch broken := leaf.ErrorKind.(type) {
	case *kind.Required:
		return missing(place + "/" + broken.Missing[0])
	case *kind.AdditionalProperties:
		slices.Sort(broken.Properties)
		return unknownMember(place+"/"+broken.Properties[0], "A member is not known.")
	default:
		return invalid(place, ruleText(leaf.ErrorKind))
	}
}

func leavesOf(found *jsonschema.ValidationError, leaves []*jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(found.Causes) == 0 {
		return append(leaves, found)
	}
	for _, cause := range found.Causes {
		leaves = leavesOf(cause, leaves)
	}
	return leaves
}

// pointer is the RFC 6901 pointer of the place. Its parts are names that the schema
// knows, or positions.
func pointer(found *jsonschema.ValidationError) string {
	var out strings.Builder
	for _, part := range found.InstanceLocation {
		out.WriteByte('/')
		out.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(part))
	}
	return out.String()
}

// ruleText words a rule of JSON Schema from the schema's side of it.
func ruleText(broken jsonschema.ErrorKind) string {
	switch rule := broken.(type) {
	case *kind.Type:
		return "It has to be of the type " + strings.Join(rule.Want, " or ") + "."
	case *kind.Enum:
		return fmt.Sprintf("It has to be one of %v.", rule.Want)
	case *kind.Const:
		return fmt.Sprintf("It has to be %v.", rule.Want)
	case *kind.Pattern:
		return "It has to match " + rule.Want + "."
	case *kind.Format:
		return "It has to have the format " + rule.Want + "."
	case *kind.MinLength:
		return fmt.Sprintf("It has at least %d characters.", rule.Want)
	case *kind.MaxLength:
		return fmt.Sprintf("It has at most %d characters.", rule.Want)
	case *kind.MinItems:
		return fmt.Sprintf("It holds at least %d.", rule.Want)
	case *kind.MaxItems:
		return fmt.Sprintf("It holds at most %d.", rule.Want)
	case *kind.UniqueItems:
		return "It holds nothing twice."
	case *kind.Minimum:
		return "It is at least " + rule.Want.RatString() + "."
	case *kind.Maximum:
		return "It is at most " + rule.Want.RatString() + "."
	default:
		return "It breaks the rule that openapi.yaml gives for it."
	}
}
