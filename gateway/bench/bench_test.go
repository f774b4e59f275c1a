package bench

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// binaries builds the two programs that a run needs.
func binaries(t *testing.T) (kapok, sandbox string) {
	t.Helper()
	folder := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", folder, "./cmd/kapok", "./cmd/kapok-sandbox")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(folder, "kapok"), filepath.Join(folder, "kapok-sandbox")
}

// The whole benchmark in its smallest form, so that it does not rot: real processes,
// a durable PostgreSQL, every answer checked. What it measures here means nothing.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("starts six processes and takes about ten seconds")
	}
	kapok, sandbox := binaries(t)
	file := filepath.Join(t.TempDir(), "result.json")
	var out bytes.Buffer
	err := Run(t.Context(), Options{
		Kapok: kapok, Sandbox: sandbox, JSON: file,
		Connections: 8, Systems: 4, Citizens: 120, Rounds: 1, Warm: 200 * time.Millisecond, Window: time.Second,
		Progress: func(step string) { t.Log(step) },
	}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, said := range []string{"c/b = ", "fsync=on", "full_page_writes=on", "synchronous_commit=on", "GOMAXPROCS", "8 connections", "admit: access token"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("the table does not say %q:\n%s", said, &out)
		}
	}
	checkResult(t, file)
}

func checkResult(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r Result
	if err := json.Unmarshal(content, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Contenders) != 3 || r.Ratio.Median <= 0 {
		t.Fatalf("%d contenders, ratio %v", len(r.Contenders), r.Ratio)
	}
	for _, one := range r.Contenders {
		if one.Rate <= 0 || one.P50 <= 0 || one.P99 < one.P50 || len(one.Rounds) != 1 {
			t.Errorf("%s: %+v", one.Key, one)
		}
	}
	if r.Verified.Releases == 0 || r.Verified.Refusals == 0 {
		t.Errorf("answers verified afterwards: %+v", r.Verified)
	}
	if r.Commits.Commits == 0 || r.Commits.Entries < r.Commits.Commits {
		t.Errorf("the ledger's commits: %+v", r.Commits)
	}
	if r.Budget.Samples == 0 {
		t.Error("the profile was not read")
	}
}

// What is measured has to be found wrong when it is: a withdrawn consent that was
// expected to serve, a status that nobody gave.
func TestRunSaysWhenAnswersWereWrong(t *testing.T) {
	r := Result{Contenders: []Standing{{Key: "c", Rounds: []Measurement{{Wrong: map[string]int{"503 for 200": 3}}}}}}
	var out bytes.Buffer
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	if r.wrong() == nil || !strings.Contains(out.String(), "3 answers had status 503 for 200") {
		t.Errorf("wrong answers passed:\n%s", &out)
	}
	r.Contenders[0].Rounds[0].Wrong = nil
	if err := r.wrong(); err != nil {
		t.Error(err)
	}
}

func TestRunSaysWhenItWasNotAlone(t *testing.T) {
	for others, warned := range map[float64]bool{0: false, 4: false, 100: true} {
		r := Result{Contenders: []Standing{{Key: "c", CPU: CPU{Contender: 60, Source: 30, Idle: 10, Others: others}}}}
		var out bytes.Buffer
		if err := r.print(&out); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "NOT ALONE: while c ran, 50 %") != warned {
			t.Errorf("others %v:\n%s", others, &out)
		}
	}
}

func TestOptionsAreBounded(t *testing.T) {
	for name, o := range map[string]Options{
		"connections": {Connections: 100_000},
		"window":      {Window: time.Hour},
		"warm-up":     {Warm: time.Hour},
		"rounds":      {Rounds: 1000},
		"citizens":    {Citizens: 10},
		"multiple":    {Citizens: 2 * stride},
		"systems":     {Systems: -1},
	} {
		if err := o.withDefaults().check(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (Options{}).withDefaults().check(); err != nil {
		t.Error(err)
	}
}

func TestFivePercentAreRefused(t *testing.T) {
	p := population{systems: make([]system, 100), citizens: make([]citizen, 10_000)}
	refused, seen := 0, map[int]bool{}
	for number := range len(p.citizens) {
		index := p.at(number)
		seen[index] = true
		if withdrew(index) || asksTooMuch(index) {
			refused++
		}
	}
	if len(seen) != len(p.citizens) || refused*20 != len(p.citizens) {
		t.Errorf("%d citizens asked about, %d refusals", len(seen), refused)
	}
}

func TestFamilyTimeCountsTheChildren(t *testing.T) {
	if _, ok := statOf(os.Getpid()); !ok {
		t.Skip("this system has no /proc")
	}
	burn := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
	before := familyTime(os.Getpid())
	if err := burn.Run(); err != nil {
		t.Fatal(err)
	}
	if used := familyTime(os.Getpid()) - before; used < 20*time.Millisecond {
		t.Errorf("a busy child counted %v", used)
	}
}
