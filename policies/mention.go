package policies

import (
	"fmt"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// Mention is a department, system or item that a policy names.
type Mention struct {
	Policy string // the policy's @id
	Kind   string // Department, System or Item
	ID     string
}

// Mentions lists what the policies name, so that whoever holds the catalogue can
// refuse a set that names what does not exist: a forbid with a mistyped code would
// never bite, and nobody would notice.
func (s *Set) Mentions() []Mention { return slices.Clone(s.mentions) }

// mentioned lists the entities written in a policy, in its scope and conditions.
func mentioned(r *rule) []cedar.EntityUID {
	policy := (*ast.Policy)(r.policy.AST())
	found := []cedar.EntityUID{named(policy.Principal), named(policy.Resource)}
	for _, condition := range policy.Conditions {
		ast.Inspect(ast.NewNode(condition.Body), func(node ast.IsNode) bool {
			if value, ok := node.(ast.NodeValue); ok {
				if entity, ok := value.Value.(cedar.EntityUID); ok {
					found = append(found, entity)
				}
			}
			return true
		})
	}
	return slices.DeleteFunc(found, cedar.EntityUID.IsZero)
}

// note keeps the mentions that the catalogue can check.
func (s *Set) note(r *rule) {
	for _, entity := range mentioned(r) {
		if slices.Contains([]cedar.EntityType{departmentType, systemType, itemType}, entity.Type) {
			s.mentions = append(s.mentions, Mention{Policy: string(r.id), Kind: string(entity.Type), ID: string(entity.ID)})
		}
	}
}

// enumsAreKnown refuses a value that its enumeration does not have; the schema
// validator lets it pass, and a comparison with it would be silently false.
func enumsAreKnown(l *loader, r *rule) error {
	for _, entity := range mentioned(r) {
		if enum, listed := l.types.Enums[entity.Type]; listed && !slices.Contains(enum.Values, entity) {
			return fmt.Errorf("%s is not among the values of %s", entity, entity.Type)
		}
	}
	return nil
}
