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

// All lets Cedar evaluate the conditions of those candidates that have any.
func (c candidates) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for _, r := range c {
			if !r.always && !yield(r.id, r.conditions) {
				return
			}
		}
	}
}

// matched are the candidates that hold, in the order of the layers: those without
// conditions, and those whose conditions Cedar found true.
func (c candidates) matched(conditional []cedar.DiagnosticReason) []*rule {
	rules := make([]*rule, 0, len(c))
	for _, r := range c {
		if r.always || slices.ContainsFunc(conditional, func(d cedar.DiagnosticReason) bool { return d.PolicyID == r.id }) {
			rules = append(rules, r)
		}
	}
	inOrder(rules)
	return rules
}

// reads is the union of what the candidates read of the context.
func (c candidates) reads() reads {
	var all reads
	for _, r := range c {
		all |= r.reads
	}
	return all
}

// climb reports whether any candidate's conditions ask what stands in what.
func (c candidates) climb() bool {
	return slices.ContainsFunc(c, func(r *rule) bool { return r.climbs })
}
