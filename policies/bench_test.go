package policies

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// large is the example set with more policies: one of each department's own for
// one item, and the departments share no policy among them.
func large(b *testing.B, policies int) *Set {
	b.Helper()
	files := exampleFiles(b)
	for i := range policies - exampleSet(b).Len() {
		department := fmt.Sprintf("dept-%04d", i/5)
		file := "departments/" + department + ".cedar"
		if files[file] == nil {
			files[file] = &fstest.MapFile{Data: []byte("// 依据: 测试\n")}
		}
		policy := strings.NewReplacer("$id", fmt.Sprintf("%s-%d", department, i%5), "$dept", department, "$item", fmt.Sprintf("1010010001/%06d", i%5)).Replace(`
@id("$id") @zh("测试") @en("test")
permit (principal in Department::"$dept", action == Action::"COPY", resource == Item::"$item")
when { context.case_bound };
`)
		files[file].Data = append(files[file].Data, policy...)
	}
	set, err := Load(files)
	if err != nil {
		b.Fatal(err)
	}
	return set
}

// askers makes one request for each of many grants, each of another system; they
// share the item, as they do in the catalogue.
func askers(b *testing.B, grants int) []Input {
	b.Helper()
	base, inputs := baseInput(b), make([]Input, grants)
	for i := range inputs {
		in, grant, basis := base, *base.Grant, *base.Basis
		in.System.ID, in.System.Department = fmt.Sprintf("system-%05d", i), fmt.Sprintf("dept-%04d", i%200)
		grant.ID, grant.System, grant.Department = fmt.Sprintf("grant-%05d", i), in.System.ID, in.System.Department
		grant.Fields, grant.ServiceItems = slices.Clone(grant.Fields), slices.Clone(grant.ServiceItems)
		basis.System, basis.Department = in.System.ID, in.System.Department
		in.Grant, in.Basis = &grant, &basis
		inputs[i] = in
	}
	return inputs
}

func BenchmarkDecide(b *testing.B) {
	for _, size := range []struct{ policies, grants int }{{11, 100}, {1_000, 10_000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("policies=%d/grants=%d", size.policies, size.grants), func(b *testing.B) {
			set, inputs := large(b, size.policies), askers(b, size.grants)
			random := rand.New(rand.NewPCG(1, 2))
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if d := set.Decide(inputs[random.IntN(len(inputs))]); !d.Allowed {
					b.Fatal(d.Code)
				}
			}
		})
	}
}

func BenchmarkRefuse(b *testing.B) {
	set, in := large(b, 1_000), baseInput(b)
	in.Basis.State = "WITHDRAWN"
	b.ReportAllocs()
	for b.Loop() {
		if d := set.Decide(in); d.Allowed {
			b.Fatal("allowed")
		}
	}
}
