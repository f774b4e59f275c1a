// Package bench compares one decision of package policies with the same policies in
// plain cedar-go and in OPA's Rego, in one run. It is a module of its own, so that OPA
// is no part of Kapok.
package bench

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cedar-policy/cedar-go"
	"github.com/open-policy-agent/opa/v1/rego"

	"kapok/policies"
)

const departments = 200

var sizes = []int{1_000, 10_000}

// own are policies of departments about one item each, as files and as Rego.
func own(count int) (files fstest.MapFS, module string) {
	files = fstest.MapFS{}
	var text strings.Builder
	text.WriteString("package kapok\n\nimport rego.v1\n\ndefault allow := false\n\n")
	text.WriteString("allow if { input.action in {\"VERIFY\", \"PREDICATE\", \"VIEW\"}; input.basis == \"STATUTORY\" }\n")
	for i := range count {
		department := fmt.Sprintf("dept-%05d", i/5)
		file := "departments/" + department + ".cedar"
		if files[file] == nil {
			files[file] = &fstest.MapFile{Data: []byte("// 依据: 测试\n")}
		}
		files[file].Data = fmt.Appendf(files[file].Data, "\n@id(\"%s-%d\") @zh(\"测试\") @en(\"test\")\npermit (principal in Department::%q, action == Action::\"COPY\", resource == Item::\"1010010001/%06d\") when { context.case_bound };\n", department, i%5, department, i%5)
		fmt.Fprintf(&text, "allow if { input.department == %q; input.action == \"COPY\"; input.item == \"1010010001/%06d\"; input.case_bound }\n", department, i%5)
	}
	return files, text.String()
}

// set is the example with those policies more, and all texts of it as one.
func set(b *testing.B, count int) (*policies.Set, []byte, string) {
	b.Helper()
	files, module := own(count)
	var all []byte
	err := fs.WalkDir(policies.Example(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.Example(), name)
		files[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	for name, file := range files {
		if strings.HasSuffix(name, ".cedar") {
			all = append(append(all, file.Data...), '\n')
		}
	}
	loaded, err := policies.Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return loaded, all, module
}

func base(b *testing.B) policies.Input {
	b.Helper()
	text, err := os.ReadFile("../testdata/base.json")
	if err != nil {
		b.Fatal(err)
	}
	var in policies.Input
	if err := in.Overlay(text); err != nil {
		b.Fatal(err)
	}
	return in
}

// BenchmarkDecide is one allowed request by each of the three. What Kapok does beside
// Cedar (grant, basis, fields, reasons, duties) the other two do not do at all.
func BenchmarkDecide(b *testing.B) {
	for _, count := range sizes {
		loaded, all, module := set(b, count)
		in := base(b)
		b.Run(fmt.Sprintf("policies=%d/kapok", count), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := loaded.Decide(in); !d.Allowed {
					b.Fatal(d.Code)
				}
			}
		})
		b.Run(fmt.Sprintf("policies=%d/cedar-go", count), func(b *testing.B) { plainCedar(b, all, in) })
		b.Run(fmt.Sprintf("policies=%d/opa", count), func(b *testing.B) { opa(b, module, in) })
	}
}

func plainCedar(b *testing.B, text []byte, in policies.Input) {
	found, err := cedar.NewPolicyListFromBytes("all.cedar", text)
	if err != nil {
		b.Fatal(err)
	}
	all := cedar.NewPolicySet()
	for i, policy := range found {
		all.Add(cedar.PolicyID(fmt.Sprint(i)), policy)
	}
	department, provider := cedar.NewEntityUID("Department", cedar.String(in.System.Department)), cedar.NewEntityUID("Department", cedar.String(in.Item.Provider))
	system, item := cedar.NewEntityUID("System", cedar.String(in.System.ID)), cedar.NewEntityUID("Item", cedar.String(in.Item.Code))
	entities := cedar.EntityMap{
		department: {UID: department}, provider: {UID: provider},
		system: {UID: system, Parents: cedar.NewEntityUIDSet(department), Attributes: cedar.NewRecord(cedar.RecordMap{
			"level": cedar.String(in.System.Level), "division": cedar.String(in.System.Division),
		})},
		item: {UID: item, Parents: cedar.NewEntityUIDSet(provider), Attributes: cedar.NewRecord(cedar.RecordMap{
			"shared": cedar.NewEntityUID("Sharing", cedar.String(in.Item.SharedType)), "return_list": cedar.Boolean(in.Item.ReturnList),
		})},
	}
	request := cedar.Request{
		Principal: system, Action: cedar.NewEntityUID("Action", cedar.String(in.Ask.Operation)), Resource: item,
		Context: cedar.NewRecord(cedar.RecordMap{
			"fields": texts(in.Ask.Fields), "sensitive": texts(nil), "service_item": cedar.String(in.Ask.ServiceItem),
			"purpose": cedar.String(in.Ask.Purpose), "basis": cedar.NewEntityUID("Basis", cedar.String(in.Basis.Kind)),
			"case_bound": cedar.Boolean(in.Basis.CaseNo != ""),
		}),
	}
	b.ReportAllocs()
	for b.Loop() {
		if decision, grounds := cedar.Authorize(all, entities, request); decision != cedar.Allow || len(grounds.Errors) > 0 {
			b.Fatal(decision, grounds.Errors)
		}
	}
}

func texts(names []string) cedar.Set {
	values := make([]cedar.Value, len(names))
	for i, name := range names {
		values[i] = cedar.String(name)
	}
	return cedar.NewSet(values...)
}

func opa(b *testing.B, module string, in policies.Input) {
	prepared, err := rego.New(rego.Query("data.kapok.allow"), rego.Module("kapok.rego", module)).PrepareForEval(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	asked := map[string]any{
		"department": in.System.Department, "action": string(in.Ask.Operation), "item": in.Item.Code,
		"basis": in.Basis.Kind, "case_bound": in.Basis.CaseNo != "",
	}
	b.ReportAllocs()
	for b.Loop() {
		result, err := prepared.Eval(b.Context(), rego.EvalInput(asked))
		if err != nil || !result.Allowed() {
			b.Fatal(result, err)
		}
	}
}
