package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
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
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(in); err != nil {
		t.Fatal(err)
	}
}

// TestDecisions reads testdata/*.txtar: <name>.request is laid over base.json, and
// <name>.decision is what a person is told.
func TestDecisions(t *testing.T) {
	set := exampleSet(t)
	eachCase(t, func(t *testing.T, request []byte, want string) {
		in := baseInput(t)
		overlay(t, &in, request)
		d := set.Decide(in)
		if diff := cmp.Diff(want, written(d)); diff != "" {
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

func eachCase(t *testing.T, try func(t *testing.T, request []byte, want string)) {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) < 4 {
		t.Fatalf("archives: %v, %v", archives, err)
	}
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			request, decision := archive.Files[i], archive.Files[i+1]
			name := strings.TrimSuffix(request.Name, ".request")
			if decision.Name != name+".decision" {
				t.Fatalf("%s: %s is not followed by its decision", file, request.Name)
			}
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar")+"/"+name, func(t *testing.T) {
				try(t, request.Data, string(decision.Data))
			})
		}
	}
}

// written puts a decision into words.
func written(d Decision) string {
	var out strings.Builder
	if d.Allowed {
		fmt.Fprintln(&out, "allowed")
	} else {
		fmt.Fprintln(&out, "refused:", d.Code)
	}
	if len(d.Excess) > 0 {
		fmt.Fprintln(&out, "excess:", strings.Join(d.Excess, " "))
	}
	for _, reason := range d.Reasons {
		fmt.Fprintf(&out, "%s\n  %s\n  %s\n", reason.Policy, reason.Zh, reason.En)
	}
	if len(d.Obligations) > 0 {
		fmt.Fprintln(&out, "duties:", strings.Join(d.Obligations, " "))
	}
	if d.Remedy.Zh != "" {
		fmt.Fprintf(&out, "remedy\n  %s\n  %s\n", d.Remedy.Zh, d.Remedy.En)
	}
	return out.String()
}
