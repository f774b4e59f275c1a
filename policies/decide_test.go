package policies

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func exampleSet(t testing.TB) *Set {
	t.Helper()
	set, err := Load(Example())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// baseInput is a request that is allowed.
func baseInput(t testing.TB) Input {
	t.Helper()
	text, err := os.ReadFile("testdata/base.json")
	if err != nil {
		t.Fatal(err)
	}
	var in Input
	overlay(t, &in, text)
	return in
}

// overlay lays the members of a JSON object over an input.
func overlay(t testing.TB, in *Input, text []byte) {
	t.Helper()
	if err := in.Overlay(text); err != nil {
		t.Fatal(err)
	}
}

// TestDecisions reads testdata/*.txtar: <name>.request is laid over base.json, and
// <name>.decision is what a person is told.
func TestDecisions(t *testing.T) {
	set := exampleSet(t)
	cases, err := Cases(os.DirFS("testdata"))
	if err != nil || len(cases) < 50 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			d := set.Decide(c.Input)
			if diff := cmp.Diff(c.Want, d.Text()); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
			if d.PolicySet != set.Digest() {
				t.Error("the decision does not name the policy set")
			}
			if d.Allowed != (d.Code == "") || len(d.Reasons) == 0 {
				t.Error("a decision is either allowed or has a code, and always has a reason")
			}
			if !d.Allowed && d.Code != PolicyForbids && len(d.Remedy.Steps) == 0 {
				t.Error("a refusal by these rules has a step to take")
			}
			if !d.Allowed && (d.Remedy.Zh == "" || d.Remedy.En == "" || len(d.Obligations) > 0) {
				t.Error("a refusal has a remedy in both languages and no duties")
			}
		})
	}
}

func TestCasesRefuse(t *testing.T) {
	base := &fstest.MapFile{Data: []byte(`{}`)}
	for name, text := range map[string]string{
		"a request without a decision": "-- a.request --\n{}\n",
		"a decision of another":        "-- a.request --\n{}\n-- b.decision --\nallowed\n",
		"an unknown member":            "-- a.request --\n{\"Colour\": 1}\n-- a.decision --\nallowed\n",
	} {
		if _, err := Cases(fstest.MapFS{"base.json": base, "a.txtar": {Data: []byte(text)}}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := Cases(fstest.MapFS{}); err == nil {
		t.Error("tests without base.json were read")
	}
}
