package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/transparency-dev/merkle/proof"

	"kapok/crypto/sm"
)

// Status is what became of one step of a verification.
type Status string

// The statuses. A skipped step depends on one that failed.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Skipped Status = "skipped"
)

// Step is one named check and what it found.
type Step struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Why    string `json:"why"` // one clause; holds no field's value
}

// Report says of a receipt what was checked and, as far as it could be read, what
// it tells. What it tells is to be believed only when [Report.OK].
type Report struct {
	Steps []Step    `json:"steps"`
	Told  *Evidence `json:"told,omitempty"` // nil when the entry could not be read
}

// Evidence is what a receipt tells.
type Evidence struct {
	Kind   Kind      `json:"kind"`
	Ref    string    `json:"ref"`
	At     time.Time `json:"at"`
	Origin string    `json:"origin"`
	Index  uint64    `json:"index"`
	Size   uint64    `json:"size"`
	Sealed time.Time `json:"sealed"`
	Shown  []Shown   `json:"shown"`
	Hidden []string  `json:"hidden"` // names of the fields that the receipt keeps back
}

// Shown is a field that the receipt discloses.
type Shown struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// OK reports whether every step passed.
func (r Report) OK() bool {
	return len(r.Steps) > 0 && !slices.ContainsFunc(r.Steps, func(s Step) bool { return s.Status != Pass })
}

// verification carries what one step learnt to the next.
type verification struct {
	verifier   *sm.Verifier
	bundle     Bundle
	raw        []byte
	receipt    receipt
	leaf       Leaf
	note       note
	checkpoint Checkpoint
	key        *sm.PublicKey
}

// steps are checked in this order; each needs those named. The names are part of
// what kapok-verify prints, and do not change.
var steps = []struct {
	name  string
	needs string
	check func(*verification) (string, error)
}{
	{"form", "", (*verification).form},
	{"entry", "form", (*verification).entry},
	{"checkpoint", "form", (*verification).head},
	{"certificates", "checkpoint", (*verification).certificates},
	{"signature", "certificates", (*verification).signature},
	{"inclusion", "entry checkpoint", (*verification).inclusion},
	{"openings", "entry", (*verification).openings},
	{"time", "entry checkpoint", (*verification).time},
}

// VerifyReceipt checks a receipt against pinned trust and nothing else: no network,
// no database, no clock. v should ask both libraries (sm.VerifierOptions.Both).
func VerifyReceipt(raw []byte, pinned Bundle, v *sm.Verifier) Report {
	run := &verification{verifier: v, bundle: pinned, raw: raw}
	var report Report
	passed := map[string]bool{}
	for _, step := range steps {
		result := Step{Name: step.name, Status: Skipped, Why: "a step before it failed"}
		if needed := strings.Fields(step.needs); !slices.ContainsFunc(needed, func(name string) bool { return !passed[name] }) {
			result = run.try(step.name, step.check)
		}
		passed[step.name] = result.Status == Pass
		report.Steps = append(report.Steps, result)
	}
	if passed["entry"] && passed["checkpoint"] {
		report.Told = run.told()
	}
	return report
}

func (run *verification) try(name string, check func(*verification) (string, error)) Step {
	why, err := check(run)
	if errors.Is(err, sm.ErrUndecided) {
		return Step{name, Fail, "the two SM2 libraries do not agree; it could not be decided"}
	}
	if err != nil {
		return Step{name, Fail, err.Error()}
	}
	return Step{name, Pass, why}
}

func (run *verification) form() (string, error) {
	var err error
	run.receipt, err = parseReceipt(run.raw)
	return "canonical JSON of a receipt, version 1", err
}

func (run *verification) entry() (string, error) {
	var err error
	run.leaf, err = ParseLeaf(run.receipt.Entry)
	return "the entry stands in its one canonical encoding", err
}

func (run *verification) head() (string, error) {
	var err error
	if run.note, err = parseNote(run.receipt.Checkpoint); err != nil {
		return "", err
	}
	if run.checkpoint, err = run.note.checkpoint(); err != nil {
		return "", err
	}
	return fmt.Sprintf("origin %s, %d entries", run.checkpoint.Origin, run.checkpoint.Size), nil
}

func (run *verification) certificates() (string, error) {
	roots, err := run.bundle.roots()
	if err != nil {
		return "", err
	}
	run.key, err = operationalKey(run.verifier, roots, run.checkpoint, run.receipt.Chain)
	return fmt.Sprintf("%d of them lead to a pinned root, all in force when sealed", len(run.receipt.Chain)), err
}

func (run *verification) signature() (string, error) {
	err := run.note.verify(run.verifier, run.checkpoint.Origin, run.key)
	return "the operational key signed the checkpoint", err
}

func (run *verification) inclusion() (string, error) {
	leaf := LeafHash(run.receipt.Entry)
	index, size := run.receipt.Index, run.checkpoint.Size
	if err := proof.VerifyInclusion(hasher{}, index, size, leaf[:], run.receipt.Proof, run.checkpoint.Root[:]); err != nil {
		return "", errors.New("the proof does not lead from the entry at that index to the checkpoint's root")
	}
	return fmt.Sprintf("entry %d is in the tree of %d", index, size), nil
}

func (run *verification) openings() (string, error) {
	shown := run.receipt.Openings
	for i, o := range shown {
		if i > 0 && shown[i-1].Name >= o.Name {
			return "", errors.New("the fields shown are not in ascending order of their names")
		}
		if err := Opening(o).check(); err != nil {
			return "", err
		}
		committed, found := run.leaf.commitment(o.Name)
		if !found || Opening(o).Commitment() != committed {
			return "", fmt.Errorf("field %s is not what the entry commits to", o.Name)
		}
	}
	return fmt.Sprintf("%d of %d fields are shown, each as committed to", len(shown), len(run.leaf.Commitments)), nil
}

// time compares the entry's own time with that of its sealing; the certificates
// are checked at the latter, because an entry may wait for its sealing longer than
// an operational key lives.
func (run *verification) time() (string, error) {
	if run.leaf.At.After(run.checkpoint.Sealed) {
		return "", errors.New("the entry's time is after that of its sealing")
	}
	return fmt.Sprintf("sealed %v after it happened", run.checkpoint.Sealed.Sub(run.leaf.At)), nil
}

func (run *verification) told() *Evidence {
	told := &Evidence{
		Kind: run.leaf.Kind, Ref: run.leaf.Ref, At: run.leaf.At, Origin: run.checkpoint.Origin,
		Index: run.receipt.Index, Size: run.checkpoint.Size, Sealed: run.checkpoint.Sealed,
		Shown: []Shown{}, Hidden: []string{},
	}
	for _, o := range run.receipt.Openings {
		told.Shown = append(told.Shown, Shown{o.Name, o.Value})
	}
	for _, c := range run.leaf.Commitments {
		if !slices.ContainsFunc(run.receipt.Openings, func(o opening) bool { return o.Name == c.Name }) {
			told.Hidden = append(told.Hidden, c.Name)
		}
	}
	return told
}
