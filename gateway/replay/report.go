package replay

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/policies"
)

// Report says what a change of policies would have meant.
type Report struct {
	Since     time.Time     `json:"since"`
	Until     time.Time     `json:"until"`
	InForce   string        `json:"in_force"`  // digest of the set compared with
	With      string        `json:"with"`      // digest of the changed set
	Decisions int           `json:"decisions"` // decided again
	Anew      int           `json:"anew"`      // of them, made by an older set: the set in force decided them anew to compare
	Differing int           `json:"differing"` // of a sample, where the set in force does not decide as it is recorded to have done; 0 in good order
	Changes   []Change      `json:"changes"`
	Took      time.Duration `json:"-"`
}

// Effect is what a change means to whoever asked.
type Effect string

// The effects.
const (
	Gains  Effect = "gains"  // refused before, allowed then
	Loses  Effect = "loses"  // allowed before, refused then
	Duties Effect = "duties" // allowed both times, with other duties
	Reason Effect = "reason" // refused both times, for another reason
)

// Change is how many decisions change in the same way.
type Change struct {
	Effect     Effect            `json:"effect"`
	Department string            `json:"department"`
	System     string            `json:"system"`
	Item       string            `json:"item"`
	Operation  gateway.Operation `json:"operation"`
	Fields     []string          `json:"fields"`
	Before     string            `json:"before"` // "allow" with the duties, or the code of the refusal
	After      string            `json:"after"`
	Policy     string            `json:"policy"` // what decides then
	Count      int               `json:"count"`
}

// Digest is what the publication of the set is recorded with. It is over all but how
// long the replay took.
func (r Report) Digest() string {
	text, _ := json.Marshal(r) // strings, numbers and times only
	digest := sm.Sum(text)
	return hex.EncodeToString(digest[:])
}

// sum adds up what the workers counted.
func (r *Report) sum(workers []*worker, took time.Duration) error {
	all := tally{}
	for _, w := range workers {
		if w.err != nil {
			return w.err
		}
		r.Decisions, r.Anew, r.Differing = r.Decisions+w.decisions, r.Anew+w.anew, r.Differing+w.differing
		all.join(w.tally)
	}
	r.Took, r.Changes = took, all.changes()
	return nil
}

// group is what the counted have in common.
type group struct {
	effect                              Effect
	department, system, item, operation string
	fields, before, after, policy       string
}

type tally map[group]int

func (t tally) note(in *policies.Input, before *outcome, after policies.Decision) {
	effect, changed := effectOf(before, after)
	if !changed {
		return
	}
	t[group{
		effect, in.System.Department, in.System.ID, in.Item.Code, string(in.Ask.Operation), strings.Join(in.Ask.Fields, ","),
		stated(before.Allowed, before.Code, before.Obligations), stated(after.Allowed, after.Code, after.Obligations), after.Reasons[0].Policy,
	}]++
}

func effectOf(before *outcome, after policies.Decision) (Effect, bool) {
	switch {
	case before.Allowed && !after.Allowed:
		return Loses, true
	case !before.Allowed && after.Allowed:
		return Gains, true
	case before.Allowed:
		return Duties, !slices.Equal(before.Obligations, after.Obligations)
	default:
		return Reason, before.Code != after.Code
	}
}

func stated(allowed bool, code string, duties []string) string {
	if !allowed {
		return code
	}
	return strings.Join(append([]string{"allow"}, duties...), " ")
}

func (t tally) join(other tally) {
	for group, count := range other {
		t[group] += count
	}
}

// changes lists what was counted: the most first.
func (t tally) changes() []Change {
	list := make([]Change, 0, len(t))
	for g, count := range t {
		list = append(list, Change{
			Effect: g.effect, Department: g.department, System: g.system, Item: g.item, Operation: gateway.Operation(g.operation),
			Fields: strings.Split(g.fields, ","), Before: g.before, After: g.after, Policy: g.policy, Count: count,
		})
	}
	slices.SortFunc(list, func(a, b Change) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.System, b.System), cmp.Compare(a.Item, b.Item),
			cmp.Compare(a.Operation, b.Operation), slices.Compare(a.Fields, b.Fields), cmp.Compare(a.Before, b.Before), cmp.Compare(a.After, b.After), cmp.Compare(a.Policy, b.Policy))
	})
	return list
}
