package policies

import (
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

// withoutScope is the policy with the scope left open: the index has answered it.
func withoutScope(policy *cedar.Policy) *cedar.Policy {
	open := *(*ast.Policy)(policy.AST())
	open.Principal, open.Action, open.Resource = ast.Scope{}.All(), ast.Scope{}.All(), ast.Scope{}.All()
	return cedar.NewPolicyFromAST((*cedarast.Policy)(&open))
}
