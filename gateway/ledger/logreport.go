package ledger

import (
	"errors"
	"slices"
	"sync"
	"time"

	"kapok/crypto/sm"
)

// LogReport says of an exported log what was checked and what is wrong with it,
// and where. What it tells is to be believed only when [LogReport.OK].
type LogReport struct {
	Steps []LogStep `json:"steps"`
	Told  *LogTold  `json:"told,omitempty"` // nil when the manifest could not be read
}

// LogStep is one named check of a whole log.
type LogStep struct {
	Step
	Faults []Fault `json:"faults,omitempty"` // the first ones
	More   int     `json:"more,omitempty"`   // how many there are besides
}

// Fault is something wrong, and where.
type Fault struct {
	File  string  `json:"file"`
	Entry *uint64 `json:"entry,omitempty"` // index of the entry, where there is one
	Why   string  `json:"why"`
}

// LogTold is what an exported log is.
type LogTold struct {
	Origin      string    `json:"origin"`
	First       uint64    `json:"first"` // index of the first entry
	Size        uint64    `json:"size"`  // index after the last
	Sealed      time.Time `json:"sealed"`
	Checkpoints int       `json:"checkpoints"`
	Signatures  int       `json:"signatures"` // of checkpoints, checked
	Keys        int       `json:"keys"`
}

// OK reports whether every step passed.
func (r LogReport) OK() bool {
	return len(r.Steps) > 0 && !slices.ContainsFunc(r.Steps, func(s LogStep) bool { return s.Status != Pass })
}

// logSteps are the checks of a whole log with what a passed one means. The names
// are part of what kapok-verify prints, and do not change.
var logSteps = []struct{ name, passed string }{
	{"manifest", "canonical JSON of an exported log, version 1"},
	{"files", "each file is the one that the manifest names, and there is no other"},
	{"entries", "each entry stands in its one canonical encoding, in its place"},
	{"keys", "each key is named after the one that its certificate certifies"},
	{"checkpoints", "sizes and times never run backwards, and the last covers the last entry"},
	{"roots", "the entries lead to the root of every checkpoint"},
	{"certificates", "each key's certificates lead to a pinned root, all in force when it sealed"},
	{"signatures", ""},
	{"time", "no entry's time is after that of its sealing"},
}

// maxFaults bounds how many faults of one step are told: one altered entry breaks
// every root after it.
const maxFaults = 10

// faults collects what is wrong, by step; several goroutines find it.
type faults struct {
	mu    sync.Mutex
	first map[string][]Fault
	more  map[string]int
}

func newFaults() *faults { return &faults{first: map[string][]Fault{}, more: map[string]int{}} }

func (f *faults) add(step, file, why string) { f.keep(step, Fault{File: file, Why: why}) }

func (f *faults) at(step, file string, entry uint64, why string) {
	f.keep(step, Fault{File: file, Entry: &entry, Why: why})
}

func (f *faults) keep(step string, fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.first[step]) == maxFaults {
		f.more[step]++
		return
	}
	f.first[step] = append(f.first[step], fault)
}

// steps turns what was found into a report; without a manifest, nothing else was
// looked at.
func (f *faults) steps(signatures string) []LogStep {
	var steps []LogStep
	for _, known := range logSteps {
		step := LogStep{Step: Step{known.name, Pass, known.passed}, Faults: f.first[known.name], More: f.more[known.name]}
		switch {
		case len(step.Faults) > 0:
			step.Status, step.Why = Fail, step.Faults[0].Why
		case len(f.first["manifest"]) > 0:
			step.Status, step.Why = Skipped, "a step before it failed"
		case known.name == "signatures":
			step.Why = signatures
		}
		steps = append(steps, step)
	}
	return steps
}

// said is the text of an error for a report.
func said(err error) string {
	if errors.Is(err, sm.ErrUndecided) {
		return "the two SM2 libraries do not agree; it could not be decided"
	}
	return err.Error()
}
