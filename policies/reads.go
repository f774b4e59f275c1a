package policies

import (
	"fmt"

	"github.com/cedar-policy/cedar-go"
	cedarast "github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// wholeContext stands in a rule's reads for a use of the context as one value.
const wholeContext cedar.String = "*"

// contextReads lists the attributes of the context that a policy's conditions read.
// What no candidate reads need not be made for a request.
func contextReads(r *rule) []cedar.String {
	found := []cedar.String{}
	look := func(node ast.IsNode) bool {
		switch read := node.(type) {
		case ast.NodeTypeAccess:
			if isContext(read.Arg) {
				found = append(found, read.Value)
				return false
			}
		case ast.NodeTypeHas:
			if isContext(read.Arg) {
				found = append(found, read.Value)
				return false
			}
		default:
			if isContext(node) {
				found = append(found, wholeContext)
			}
		}
		return true
	}
	for _, condition := range (*ast.Policy)(r.policy.AST()).Conditions {
		ast.Inspect(ast.NewNode(condition.Body), look)
	}
	return found
}

// asksWhatIsIn reports whether the conditions use the operator in.
func asksWhatIsIn(r *rule) bool {
	found := false
	for _, condition := range (*ast.Policy)(r.policy.AST()).Conditions {
		ast.Inspect(ast.NewNode(condition.Body), func(node ast.IsNode) bool {
			switch node.(type) {
			case ast.NodeTypeIn, ast.NodeTypeIsIn:
				found = true
			}
			return !found
		})
	}
	return found
}

func isContext(node ast.IsNode) bool {
	variable, ok := node.(ast.NodeTypeVariable)
	return ok && variable.Name == "context"
}

// withoutScope is what of a policy is left to evaluate: the index has answered the
// scope, and the annotations are read.
func withoutScope(policy *cedar.Policy) *cedar.Policy {
	open := *(*ast.Policy)(policy.AST())
	open.Principal, open.Action, open.Resource = ast.Scope{}.All(), ast.Scope{}.All(), ast.Scope{}.All()
	open.Annotations = nil
	return cedar.NewPolicyFromAST((*cedarast.Policy)(&open))
}

// common lets a rule share what others have too: the conditions that read the same, of
// which departments have few different ones, the lists of actions and the names.
func (l *loader) common(r *rule) {
	text := string(r.conditions.MarshalCedar())
	if l.alike[text] == nil {
		l.alike[text] = r.conditions
	}
	r.conditions = l.alike[text]
	key := fmt.Sprint(r.actions)
	if _, known := l.actions[key]; !known {
		l.actions[key] = r.actions
	}
	r.actions = l.actions[key]
	scope := (*ast.Policy)(r.policy.AST())
	r.principal, r.resource = l.named(scope.Principal), l.named(scope.Resource)
}

// named is the entity that a scope is bound to, with its name held once.
func (l *loader) named(scope ast.IsScopeNode) cedar.EntityUID {
	entity := named(scope)
	if _, known := l.names[entity.ID]; !known {
		l.names[entity.ID] = entity.ID
	}
	entity.ID = l.names[entity.ID]
	return entity
}
