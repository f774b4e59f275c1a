package policies

import (
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// index finds the policies whose scope matches a request, so that a decision costs
// the same however many departments have rules of their own. A policy is filed
// under the principal and the resource that its scope names; the zero entity stands
// for any. Since systems stand in departments and items in their providers, and
// nothing stands deeper, a look-up under each of them answers the scope exactly, and
// only the conditions are left to evaluate.
type index map[cedar.EntityUID]map[cedar.EntityUID][]*rule // by principal, then by resource

func (x index) add(r *rule) {
	scope := (*ast.Policy)(r.policy.AST())
	principal, resource := named(scope.Principal), named(scope.Resource)
	if x[principal] == nil {
		x[principal] = map[cedar.EntityUID][]*rule{}
	}
	x[principal][resource] = append(x[principal][resource], r)
}

// named is the entity that a scope is bound to, itself or as an ancestor; the zero
// entity for all, and for all of a type, since the schema knows one type for each place.
func named(scope ast.IsScopeNode) cedar.EntityUID {
	switch bound := scope.(type) {
	case ast.ScopeTypeEq:
		return bound.Entity
	case ast.ScopeTypeIn:
		return bound.Entity
	case ast.ScopeTypeIsIn:
		return bound.Entity
	}
	return cedar.EntityUID{}
}

// actions lists the actions of a scope; nil is any.
func actions(scope ast.IsScopeNode) []cedar.String {
	switch bound := scope.(type) {
	case ast.ScopeTypeEq:
		return []cedar.String{bound.Entity.ID}
	case ast.ScopeTypeIn:
		return []cedar.String{bound.Entity.ID}
	case ast.ScopeTypeInSet:
		ids := []cedar.String{}
		for _, entity := range bound.Entities {
			ids = append(ids, entity.ID)
		}
		return ids
	}
	return nil
}

// candidates are the policies whose scope matches one request.
type candidates []*rule

// find collects them into a slice that the caller brings.
func (x index) find(w *world, into candidates) candidates {
	action := cedar.String(w.in.Ask.Operation)
	for _, principal := range [...]cedar.EntityUID{w.system, w.department, {}} {
		filed := x[principal]
		if len(filed) == 0 {
			continue
		}
		for _, resource := range [...]cedar.EntityUID{w.item, w.provider, {}} {
			for _, r := range filed[resource] {
				if r.actions == nil || slices.Contains(r.actions, action) {
					into = append(into, r)
				}
			}
		}
	}
	return into
}

// All lets Cedar evaluate the conditions of the candidates.
func (c candidates) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range c {
			if !yield(r.id, r.conditions) {
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

// reads reports whether any candidate reads an attribute of the context.
func (c candidates) reads(attribute cedar.String) bool {
	for _, r := range c {
		if slices.Contains(r.reads, attribute) || slices.Contains(r.reads, wholeContext) {
			return true
		}
	}
	return false
}

// climb reports whether any candidate's conditions ask what stands in what.
func (c candidates) climb() bool {
	for _, r := range c {
		if r.climbs {
			return true
		}
	}
	return false
}
