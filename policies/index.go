package policies

import (
	"iter"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// index finds the policies that can speak of a request, so that a decision costs
// the same however many departments have rules of their own. A policy is filed
// under the entities that its scope names; the zero entity stands for any. What is
// found is still evaluated whole: the index only leaves out what cannot match.
type index map[cedar.EntityUID]map[cedar.EntityUID][]*rule // by principal, then by resource

func (x index) add(r *rule) {
	scope := (*ast.Policy)(r.policy.AST())
	principal, resource := named(scope.Principal), named(scope.Resource)
	if x[principal] == nil {
		x[principal] = map[cedar.EntityUID][]*rule{}
	}
	x[principal][resource] = append(x[principal][resource], r)
}

// named is the entity that a scope is bound to, itself or as an ancestor.
func named(scope ast.IsScopeNode) cedar.EntityUID {
	switch bound := scope.(type) {
	case ast.ScopeTypeEq:
		return bound.Entity
	case ast.ScopeTypeIn:
		return bound.Entity
	case ast.ScopeTypeIsIn:
		return bound.Entity
	}
	return cedar.EntityUID{} // all, or any of a type
}

// candidates are the policies found for one request.
type candidates []*rule

// find collects what is filed under any of the principals and any of the resources.
func (x index) find(principals, resources []cedar.EntityUID, into candidates) candidates {
	for _, principal := range principals {
		filed := x[principal]
		if len(filed) == 0 {
			continue
		}
		for _, resource := range resources {
			into = append(into, filed[resource]...)
		}
	}
	return into
}

// All lets Cedar evaluate the candidates.
func (c candidates) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range c {
			if !yield(r.id, r.policy) {
				return
			}
		}
	}
}

// rule finds a candidate by its id; there are few.
func (c candidates) rule(id cedar.PolicyID) *rule {
	for _, r := range c {
		if r.id == id {
			return r
		}
	}
	return nil
}
