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

// granted is what the benchmark's node holds in memory: the grants by system and item,
// as the path looks them up. Every department has fifty systems.
type granted map[[2]string][]*Grant

func grantsOf(base Input, grants int) granted {
	held := make(granted, grants)
	for i := range grants {
		grant := *base.Grant
		grant.ID, grant.System, grant.Department = fmt.Sprintf("grant-%06d", i), systemOf(i), departmentOf(i)
		grant.Fields, grant.ServiceItems, grant.Operations = slices.Clone(grant.Fields), slices.Clone(grant.ServiceItems), slices.Clone(grant.Operations)
		held[[2]string{grant.System, grant.Item}] = []*Grant{&grant}
	}
	return held
}

func systemOf(grant int) string     { return fmt.Sprintf("system-%06d", grant) }
func departmentOf(grant int) string { return fmt.Sprintf("dept-%04d", grant/50) }

// arrive makes requests as a node has them when it decides: just read from a socket,
// with a basis just read from the store, all texts of their own.
func arrive(base Input, requests []Input, grants int, random *rand.Rand) {
	for i := range requests {
		in, basis, from := base, *base.Basis, random.IntN(grants)
		in.System.ID, in.System.Department = systemOf(from), departmentOf(from)
		in.Ask.Fields = slices.Clone(in.Ask.Fields)
		basis.System, basis.Department, basis.Fields = in.System.ID, in.System.Department, slices.Clone(basis.Fields)
		in.Grant, in.Basis = nil, &basis
		requests[i] = in
	}
}

// BenchmarkDecide finds the grant and decides, with ten times the departments, systems,
// grants and policies in each step. Every request is of another system, drawn evenly
// from all: no grant and no department's policy is likely to be in a cache.
func BenchmarkDecide(b *testing.B) {
	for _, size := range []struct{ policies, grants int }{{11, 100}, {1_000, 10_000}, {10_000, 100_000}} {
		b.Run(fmt.Sprintf("policies=%d/grants=%d", size.policies, size.grants), func(b *testing.B) {
			base := baseInput(b)
			set, held := large(b, size.policies), grantsOf(base, size.grants)
			random, requests := rand.New(rand.NewPCG(1, 2)), make([]Input, 128)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				if i%len(requests) == 0 {
					b.StopTimer()
					arrive(base, requests, size.grants, random)
					b.StartTimer()
				}
				in := &requests[i%len(requests)]
				in.Grant = Fittest(*in, held[[2]string{in.System.ID, in.Item.Code}])
				if d := set.Decide(*in); !d.Allowed {
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
