package policies

import (
	"testing"
	"testing/fstest"
)

// TestWorldShowsTheInput: every name of the schema stands for the part of the input
// that it says. Each condition holds for the base request, and no longer after the change.
func TestWorldShowsTheInput(t *testing.T) {
	cases := []struct{ condition, change string }{
		{`principal.level == "district"`, `{"System": {"Level": "city"}}`},
		{`principal.division == "440106"`, `{"System": {"Division": "440100"}}`},
		{`resource.shared == Sharing::"有条件"`, `{"Item": {"SharedType": "无条件"}}`},
		{`resource.return_list`, `{"Item": {"ReturnList": false}}`},
		{`resource in Department::"mps"`, `{"Item": {"Provider": "mca"}}`},
		{`context.fields == ["name", "household_address", "state"]`, `{"Ask": {"Fields": ["name"]}}`},
		{`context.sensitive.isEmpty()`, `{"Ask": {"Fields": ["id_number"]}}`},
		{`context.purpose == "assistance-review"`, `{"Ask": {"Purpose": "assistance-recheck"}, "Basis": {"Purpose": "assistance-recheck"}}`},
		{`context.basis == Basis::"STATUTORY"`, `{"Basis": {"Kind": "SEPARATE_CONSENT", "Subject": "3f1c0000000000000000000000000001"}}`},
		{`!context.case_bound`, `{"Basis": {"CaseNo": "DB-2026-000001"}}`},
		{`context.service_item == "11440106KAPK0002272010511001000"`,
			`{"Ask": {"ServiceItem": "x"}, "Basis": {"ServiceItem": "x"}, "Grant": {"ServiceItems": ["x"]}}`},
	}
	for _, c := range cases {
		set, err := Load(fstest.MapFS{
			"schema.cedarschema": exampleFiles(t)["schema.cedarschema"],
			"district/one.cedar": {Data: []byte("// 依据: 测试\n@id(\"one\") @zh(\"测试\") @en(\"test\") permit (principal, action, resource) when { " + c.condition + " };")},
		})
		if err != nil {
			t.Fatalf("%s: %v", c.condition, err)
		}
		in := baseInput(t)
		if d := set.Decide(in); !d.Allowed {
			t.Errorf("%s: %s before the change", c.condition, d.Code)
		}
		overlay(t, &in, []byte(c.change))
		if d := set.Decide(in); d.Code != PolicySilent {
			t.Errorf("%s: %q after the change", c.condition, d.Code)
		}
	}
}
