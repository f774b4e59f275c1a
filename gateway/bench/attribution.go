package bench

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/pprof/profile"
)

// Line is one line of the budget: its share of the process's time, and in
// microseconds for one exchange.
type Line struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
	Micro float64 `json:"us_per_exchange"`
	Parts []Line  `json:"parts,omitempty"` // of a step: on what kinds of work, most first
}

// Budget says where the time of a contender's process went.
type Budget struct {
	Samples int    `json:"samples"` // of the profile, the start of the process left out
	Steps   []Line `json:"steps"`
	Kinds   []Line `json:"kinds"`
}

// readBudget attributes the samples of CPU profiles to the budget's lines; micro is
// what the process used for one exchange by the kernel's count, which the shares divide.
func readBudget(files []string, micro float64) (Budget, error) {
	var samples []sampled
	for _, file := range files {
		parsed, err := readProfile(file)
		if err != nil {
			return Budget{}, fmt.Errorf("bench: the profile: %w", err)
		}
		samples = append(samples, serving(parsed)...)
	}
	total := count(samples)
	if total == 0 {
		return Budget{}, errors.New("bench: the profiles have no samples of the process serving")
	}
	each := micro / float64(total)
	budget := Budget{Samples: int(total), Kinds: weigh(samples, kinds, each, total)}
	budget.Steps = weigh(samples, steps, each, total)
	for i, group := range grouped(samples, steps) {
		budget.Steps[i].Parts = byWeight(weigh(group, kinds, each, total))
	}
	return budget, nil
}

func readProfile(file string) (*profile.Profile, error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	return profile.Parse(source)
}

// sampled is a stack, innermost function first, and how often it was met.
type sampled struct {
	stack []string
	count int64
}

// serving are the samples of the process at its work.
func serving(parsed *profile.Profile) []sampled {
	var samples []sampled
	for _, one := range parsed.Sample {
		stack := stackOf(one)
		if len(one.Value) > 0 && !met(stack, startup) {
			samples = append(samples, sampled{stack: stack, count: one.Value[0]})
		}
	}
	return samples
}

// stackOf names the functions of a sample, inlined ones included.
func stackOf(one *profile.Sample) []string {
	var stack []string
	for _, location := range one.Location {
		for _, line := range location.Line {
			if line.Function != nil {
				stack = append(stack, line.Function.Name)
			}
		}
	}
	return stack
}

// weigh makes a line of each rule, and one of the rest.
func weigh(samples []sampled, rules []rule, each float64, total int64) []Line {
	lines := make([]Line, 0, len(rules)+1)
	for i, group := range grouped(samples, rules) {
		name := rest
		if i < len(rules) {
			name = rules[i].line
		}
		met := count(group)
		lines = append(lines, Line{Name: name, Share: float64(met) / float64(total), Micro: float64(met) * each})
	}
	return lines
}

// grouped puts each sample to its rule; the last group is the rest.
func grouped(samples []sampled, rules []rule) [][]sampled {
	groups := make([][]sampled, len(rules)+1)
	for _, one := range samples {
		line := lineOf(one.stack, rules)
		groups[line] = append(groups[line], one)
	}
	return groups
}

func count(samples []sampled) (total int64) {
	for _, one := range samples {
		total += one.count
	}
	return total
}

// lineOf is the index of the first rule that fits, or that of the rest.
func lineOf(stack []string, rules []rule) int {
	for i, one := range rules {
		looked := stack
		if one.near {
			looked = innermost(stack)
		}
		if met(looked, one.names) {
			return i
		}
	}
	return len(rules)
}

// innermost is the function that Go's runtime worked for.
func innermost(stack []string) []string {
	for i, function := range stack {
		if !strings.HasPrefix(function, "runtime.") && !strings.HasPrefix(function, "internal/") {
			return stack[i : i+1]
		}
	}
	return nil
}

func met(stack, names []string) bool {
	for _, function := range stack {
		for _, name := range names {
			if strings.Contains(function, name) {
				return true
			}
		}
	}
	return false
}
