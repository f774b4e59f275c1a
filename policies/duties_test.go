package policies

import (
	"slices"
	"testing"
	"testing/fstest"
)

// withDuty is the example set and one duty more.
func withDuty(t *testing.T, obligation string) *Set {
	t.Helper()
	files := exampleFiles(t)
	files["district/duty.cedar"] = &fstest.MapFile{Data: []byte("// 依据: 测试\n@id(\"duty\") @zh(\"测试\") @en(\"test\") @obligation(\"" + obligation + "\") permit (principal, action, resource);")}
	set, err := Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestValuesThatMayNotLeave(t *testing.T) {
	for _, c := range []struct {
		duty, ask string
		excess    []string // nil: allowed
	}{
		{"predicate-only", `{}`, []string{"name", "household_address", "state"}},
		{"predicate-only:state", `{}`, []string{"state"}},
		{"predicate-only:state predicate-only:name", `{}`, []string{"state", "name"}},
		{"predicate-only:phone", `{}`, nil},
		{"predicate-only", `{"Ask": {"Operation": "VERIFY"}}`, nil},
		{"predicate-only", `{"Ask": {"Operation": "PREDICATE"}, "Grant": {"Operations": ["PREDICATE"]}, "Basis": {"Operations": ["PREDICATE"]}}`, nil},
	} {
		in := baseInput(t)
		overlay(t, &in, []byte(c.ask))
		d := withDuty(t, c.duty).Decide(in)
		if c.excess == nil {
			if !d.Allowed {
				t.Errorf("%s, %s: %s", c.duty, c.ask, d.Code)
			}
			continue
		}
		if d.Code != PredicateOnly || !slices.Equal(d.Excess, c.excess) || d.Reasons[0].Policy != "duty" {
			t.Errorf("%s, %s: %+v", c.duty, c.ask, d)
		}
	}
}

func TestDutiesOfThePath(t *testing.T) {
	d := withDuty(t, "second-approver watermark").Decide(baseInput(t))
	if !d.Allowed || !slices.Equal(d.Obligations, []string{"notify", "second-approver", "watermark"}) {
		t.Errorf("%+v", d)
	}
}

// TestAForbidAboveStands: no layer can permit what another forbids.
func TestAForbidAboveStands(t *testing.T) {
	for _, layer := range layers[:3] {
		files := exampleFiles(t)
		files[layer+"/no.cedar"] = &fstest.MapFile{Data: []byte("// 依据: 测试\n@id(\"no\") @zh(\"测试\") @en(\"test\") @remedy_zh(\"无\") @remedy_en(\"none\")\nforbid (principal, action, resource) when { context.purpose == \"assistance-review\" };")}
		files["departments/tianhe-minzheng.cedar"] = &fstest.MapFile{Data: []byte("// 依据: 测试\n@id(\"yes\") @zh(\"测试\") @en(\"test\") permit (principal in Department::\"tianhe-minzheng\", action, resource);")}
		set, err := Load(files)
		if err != nil {
			t.Fatal(err)
		}
		if d := set.Decide(baseInput(t)); d.Code != PolicyForbids || d.Reasons[0].Policy != "no" {
			t.Errorf("%s: %+v", layer, d)
		}
	}
}
