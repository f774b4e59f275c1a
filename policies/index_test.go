package policies

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cedar-policy/cedar-go"
)

// Every form of scope, and conditions that reach the context in every way.
var (
	principals = []string{
		"principal", `principal == System::"tianhe-minzheng-dibao"`, `principal == System::"other"`,
		`principal in Department::"tianhe-minzheng"`, `principal in Department::"tianhe-renshe"`, `principal in System::"tianhe-minzheng-dibao"`,
		`principal is System`, `principal is System in Department::"tianhe-minzheng"`,
	}
	operations = []string{
		"action", `action == Action::"VIEW"`, `action in Action::"COPY"`, `action in [Action::"VIEW", Action::"VERIFY"]`,
	}
	resources = []string{
		"resource", `resource == Item::"1010010001/000001"`, `resource == Item::"2"`,
		`resource in Department::"mps"`, `resource in Department::"mca"`, `resource is Item`, `resource is Item in Department::"mps"`,
	}
	conditions = []string{
		"", `when { context.fields.contains("phone") }`, `unless { context.case_bound }`,
		`when { principal in Department::"tianhe-minzheng" && resource in Department::"mps" }`,
		`when { (if context.purpose like "assist*" then context else context).basis == Basis::"STATUTORY" }`,
		`when { context has purpose && context.sensitive.isEmpty() }`,
		`when { resource.return_list && resource.shared == Sharing::"有条件" }`,
		`when { principal is System in Department::"tianhe-renshe" }`,
	}
)

// allScopes is a set with every scope, all under one condition: what one policy
// makes the world show must not help another.
func allScopes(t *testing.T, condition string) *Set {
	t.Helper()
	var text strings.Builder
	text.WriteString("// 依据: 测试\n")
	count := 0
	for _, principal := range principals {
		for _, action := range operations {
			for _, resource := range resources {
				fmt.Fprintf(&text, "@id(\"p-%d\") @zh(\"测试\") @en(\"test\")\npermit (%s, %s, %s) %s;\n", count, principal, action, resource, condition)
				count++
			}
		}
	}
	set, err := Load(fstest.MapFS{
		"schema.cedarschema": exampleFiles(t)["schema.cedarschema"],
		"district/all.cedar": {Data: []byte(text.String())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// every lists all policies, whatever they are filed under.
func (x *index) every() candidates {
	all := x.any.every()
	for _, shelves := range []map[string]*shelf{x.systems, x.departments} {
		for _, s := range shelves {
			all = append(all, s.every()...)
		}
	}
	return all
}

func (s *shelf) every() candidates {
	all := candidates(slices.Clone(s.any))
	for _, names := range []byName{s.items, s.providers} {
		for _, f := range names.few {
			all = append(all, f.rules...)
		}
		for _, rules := range names.many {
			all = append(all, rules...)
		}
	}
	return all
}

// TestManyNames: a list that has become a map answers as before.
func TestManyNames(t *testing.T) {
	var names byName
	for i := range 3 * fewNames {
		for range 2 {
			names.add(fmt.Sprint(i), &rule{order: i})
		}
		for before := range i + 1 {
			if found := names.of(fmt.Sprint(before)); len(found) != 2 || found[0].order != before {
				t.Fatalf("of %d names, %d has %d rules", i+1, before, len(found))
			}
		}
	}
	if names.of("none") != nil || len(names.many) != 3*fewNames {
		t.Errorf("%d names", len(names.many))
	}
}

// TestIndexChangesNothing compares with Cedar evaluating every policy as it is
// written, against every entity and the whole context.
func TestIndexChangesNothing(t *testing.T) {
	for _, condition := range conditions {
		t.Run(condition, func(t *testing.T) { indexChangesNothing(t, allScopes(t, condition)) })
	}
}

func indexChangesNothing(t *testing.T, set *Set) {
	t.Helper()
	all, whole := set.rules.every(), cedar.NewPolicySet()
	for _, r := range all {
		whole.Add(r.id, r.policy)
	}
	tried := map[string]bool{}
	for _, change := range []string{
		`{}`, `{"Ask": {"Operation": "COPY"}}`, `{"Ask": {"Operation": "VERIFY", "Fields": ["phone", "id_number"]}}`,
		`{"System": {"ID": "other"}}`, `{"System": {"Department": "tianhe-renshe"}}`, `{"Item": {"Code": "2"}}`,
		`{"Item": {"Provider": "mca", "ReturnList": false}}`, `{"Basis": {"CaseNo": "DB-1", "Kind": "CONSENT"}}`,
		`{"Ask": {"Purpose": "fun"}, "Item": {"SharedType": "无条件"}}`,
	} {
		in := baseInput(t)
		overlay(t, &in, []byte(change))
		w := worldOf(&in)
		want := matched(t, whole, &w, w.request(candidates{{reads: readsOf([]cedar.String{wholeContext}), climbs: true}}, newContexts()))
		w = worldOf(&in)
		found := set.rules.find(&in, nil)
		got := found.ids(t, &w, w.request(found, set.contexts))
		if !slices.Equal(got, want) {
			t.Errorf("%s: the index matched %d policies, Cedar %d", change, len(got), len(want))
		}
		tried[strings.Join(want, " ")] = true
	}
	if len(tried) < 2 {
		t.Errorf("the requests differ too little: %d different outcomes", len(tried))
	}
}

func matched(t *testing.T, policies cedar.PolicyIterator, w *world, request cedar.Request) []string {
	t.Helper()
	_, grounds := cedar.Authorize(policies, w, request)
	if len(grounds.Errors) > 0 {
		t.Fatal(grounds.Errors[0])
	}
	ids := []string{}
	for _, reason := range grounds.Reasons {
		ids = append(ids, string(reason.PolicyID))
	}
	slices.Sort(ids)
	return ids
}

// ids are the policies that match, by the index and Cedar together.
func (c candidates) ids(t *testing.T, w *world, request cedar.Request) []string {
	t.Helper()
	_, grounds := cedar.Authorize(c, w, request)
	if len(grounds.Errors) > 0 {
		t.Fatal(grounds.Errors[0])
	}
	ids := []string{}
	for _, r := range c.matched(grounds.Reasons) {
		ids = append(ids, string(r.id))
	}
	slices.Sort(ids)
	return ids
}
