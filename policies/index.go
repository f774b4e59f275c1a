package policies

import (
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// index finds the policies whose scope matches a request, so that a decision costs
// the same however many departments have rules of their own. A policy is filed
// under the principal and the resource that its scope names, or under any. Since
// systems stand in departments and items in their providers, and nothing stands deeper,
// a look-up under each of them answers the scope exactly, and only the conditions are
// left to evaluate.
//
// A large set does not fit into a processor's caches, and what a look-up costs is then
// how many places in memory it touches that nobody has touched lately. Hence one map of
// plain texts for each kind, short lists instead of maps below it, and what many
// policies have in common, names and conditions, held once: see [loader.common].
type index struct {
	systems, departments map[string]*shelf
	any                  shelf
}

// shelf holds the policies of one principal, by resource.
type shelf struct {
	items, providers byName
	any              []*rule
}

// byName is searched in its order where it is short.
type byName struct {
	few  []filed
	many map[string][]*rule
}

// filed are the policies of one name.
type filed struct {
	name  string
	rules []*rule
}

// fewNames is how many a list holds before a map is faster.
const fewNames = 12

func newIndex() index {
	return index{systems: map[string]*shelf{}, departments: map[string]*shelf{}}
}

func (x *index) add(r *rule) {
	s := x.shelf(r.principal)
	switch r.resource.Type {
	case itemType:
		s.items.add(string(r.resource.ID), r)
	case departmentType:
		s.providers.add(string(r.resource.ID), r)
	default:
		s.any = append(s.any, r)
	}
}

// shelf is where the policies of a principal stand, made where there is none yet.
func (x *index) shelf(principal cedar.EntityUID) *shelf {
	shelves := x.departments
	switch principal.Type {
	case systemType:
		shelves = x.systems
	case departmentType:
	default:
		return &x.any
	}
	if shelves[string(principal.ID)] == nil {
		shelves[string(principal.ID)] = &shelf{}
	}
	return shelves[string(principal.ID)]
}

func (n *byName) add(name string, r *rule) {
	if n.many != nil {
		n.many[name] = append(n.many[name], r)
		return
	}
	for i := range n.few {
		if n.few[i].name == name {
			n.few[i].rules = append(n.few[i].rules, r)
			return
		}
	}
	n.few = append(n.few, filed{name, []*rule{r}})
	if len(n.few) <= fewNames {
		return
	}
	n.many = make(map[string][]*rule, len(n.few))
	for _, f := range n.few {
		n.many[f.name] = f.rules
	}
	n.few = nil
}

func (n *byName) of(name string) []*rule {
	if n.many != nil {
		return n.many[name]
	}
	for i := range n.few {
		if n.few[i].name == name {
			return n.few[i].rules
		}
	}
	return nil
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
func (x *index) find(in *Input, into candidates) candidates {
	for _, s := range [...]*shelf{x.systems[in.System.ID], x.departments[in.System.Department], &x.any} {
		if s == nil {
			continue
		}
		into = into.with(s.items.of(in.Item.Code), in)
		into = into.with(s.providers.of(in.Item.Provider), in)
		into = into.with(s.any, in)
	}
	return into
}

// with adds those of the rules that are about the operation.
func (c candidates) with(rules []*rule, in *Input) candidates {
	for _, r := range rules {
		if r.actions == nil || slices.Contains(r.actions, cedar.String(in.Ask.Operation)) {
			c = append(c, r)
		}
	}
	return c
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
