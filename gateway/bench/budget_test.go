package bench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"

	"kapok/crypto/sm"
)

// profileOf makes a profile file of stacks, each innermost function first.
func profileOf(t *testing.T, counts map[string]int64) string {
	t.Helper()
	made := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
	}
	id := uint64(0)
	for stack, count := range counts {
		one := &profile.Sample{Value: []int64{count, count * int64(10*time.Millisecond)}}
		for name := range strings.FieldsSeq(stack) {
			id++
			function := &profile.Function{ID: id, Name: name}
			location := &profile.Location{ID: id, Line: []profile.Line{{Function: function}}}
			made.Function, made.Location = append(made.Function, function), append(made.Location, location)
			one.Location = append(one.Location, location)
		}
		made.Sample = append(made.Sample, one)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "cpu.pprof"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := made.Write(file); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func TestBudgetPutsEachSampleOnOneLine(t *testing.T) {
	const serve = " kapok/gateway/exchange.(*Service).Exchange kapok/gateway/httpapi.(*api).exchange net/http.(*conn).serve"
	file := profileOf(t, map[string]int64{
		"kapok/crypto/sm.(*Verifier).Verify kapok/gateway/exchange.(*Service).accessToken kapok/gateway/exchange.(*Service).admit" + serve:                       30,
		"kapok/crypto/sm.(*Verifier).Verify kapok/gateway/exchange.(*Service).judge kapok/crypto/httpsig.Verify kapok/gateway/exchange.(*Service).admit" + serve: 20,
		"encoding/json.Unmarshal kapok/gateway/exchange.parseAsk kapok/gateway/exchange.(*Service).admitUse" + serve:                                             5,
		"runtime.gcAssistAlloc runtime.mallocgc kapok/gateway/exchange.(*Service).decide" + serve:                                                                4,
		"kapok/gateway/postgres.(*ledgerBatch).Commit kapok/gateway/ledger.(*Log).attempt kapok/gateway/ledger.(*Log).sequence":                                  10,
		"kapok/crypto/sm.Sum kapok/gateway/ledger.(*Log).prepare kapok/gateway/ledger.(*Log).sequence":                                                           11,
		"kapok/gateway/postgres.(*DB).resolveAll kapok/gateway/postgres.(*loader).run":                                                                           6,
		"internal/runtime/syscall.Syscall6 net/http.(*persistConn).readLoop":                                                                                     7,
		"some/other.function": 7,
		"kapok/catalog.Load main.startNode main.serve main.main runtime.main": 1000,
	})
	budget, err := readBudget([]string{file}, 200)
	if err != nil {
		t.Fatal(err)
	}
	if budget.Samples != 100 {
		t.Errorf("%d samples: the start of the process is not to count", budget.Samples)
	}
	want := map[string]float64{
		"admit: access token": 30, "admit: request signature": 20, "admit: the rest": 5, "garbage collection": 4,
		"ledger: the batch's transaction": 10, "ledger: entries, tree, checkpoint": 11, "resolve": 6, "fetch": 7, rest: 7,
	}
	checkLines(t, budget.Steps, want)
	checkLines(t, budget.Kinds, map[string]float64{
		"SM2 verification": 50, "JSON": 5, "garbage collection": 4, "SM3, HMAC-SM3": 11,
		"system calls (sockets)": 7, "Kapok's own code": 16, rest: 7,
	})
}

// checkLines compares shares in percent; a line that is not named has none.
func checkLines(t *testing.T, lines []Line, want map[string]float64) {
	t.Helper()
	for _, one := range lines {
		if math.Abs(one.Share*100-want[one.Name]) > 1e-9 || math.Abs(one.Micro-2*want[one.Name]) > 1e-9 {
			t.Errorf("%s: %.1f %%, %.1f µs; want %.1f %%", one.Name, one.Share*100, one.Micro, want[one.Name])
		}
		delete(want, one.Name)
	}
	for name := range want {
		t.Errorf("no line %q", name)
	}
}

func TestBudgetReadsARealProfile(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "cpu.pprof"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := key.Sign(t.Context(), []byte("message"), sm.Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		t.Skip("this test binary is being profiled itself")
	}
	verifier := sm.NewVerifier(sm.VerifierOptions{})
	for began := time.Now(); time.Since(began) < 500*time.Millisecond; {
		if err := verifier.Verify("test", key.Public(), []byte("message"), signature, sm.Raw); err != nil {
			t.Fatal(err)
		}
	}
	pprof.StopCPUProfile()
	budget, err := readBudget([]string{file.Name()}, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range budget.Kinds {
		if one.Name == "SM2 verification" && one.Share < 0.5 {
			t.Errorf("%.0f %% of a loop of verifications were attributed to verification", 100*one.Share)
		}
	}
}

// A step that is renamed would fall into another line unseen: every name that the
// rules use of Kapok's own has to be a function of it.
func TestRulesNameFunctionsThatExist(t *testing.T) {
	declared := declarations(t, "../..", "gateway", "crypto")
	for _, one := range append(steps[:len(steps):len(steps)], kinds...) {
		for _, name := range one.names {
			if ours, ok := strings.CutPrefix(name, "kapok/"); ok && !anyContains(declared, ours) {
				t.Errorf("%s: there is no %s", one.line, name)
			}
		}
	}
}

func anyContains(declared []string, name string) bool {
	for _, one := range declared {
		if strings.Contains(one, name) {
			return true
		}
	}
	return false
}

// declarations lists functions as a profile names them: "gateway/exchange.(*Service).admit".
func declarations(t *testing.T, root string, folders ...string) []string {
	t.Helper()
	var all []string
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(root, filepath.Dir(path))
			for _, declaration := range parsed.Decls {
				if function, ok := declaration.(*ast.FuncDecl); ok {
					all = append(all, filepath.ToSlash(relative)+"."+receiver(function)+function.Name.Name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func receiver(function *ast.FuncDecl) string {
	if function.Recv == nil {
		return ""
	}
	switch kind := function.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		if name, ok := kind.X.(*ast.Ident); ok {
			return "(*" + name.Name + ")."
		}
	case *ast.Ident:
		return kind.Name + "."
	}
	return ""
}
