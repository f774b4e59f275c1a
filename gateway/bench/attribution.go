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
}

// Budget says where the time of a contender's process went.
type Budget struct {
	Samples int    `json:"samples"` // of the profile, the start of the process left out
	Steps   []Line `json:"steps"`
	Kinds   []Line `json:"kinds"`
}

// readBudget attributes a CPU profile's samples to the budget's lines; micro is what
// the process used for one exchange by the kernel's count, which the shares divide.
func readBudget(file string, micro float64) (Budget, error) {
	source, err := os.Open(file)
	if err != nil {
		return Budget{}, fmt.Errorf("bench: the profile: %w", err)
	}
	defer source.Close()
	parsed, err := profile.Parse(source)
	if err != nil {
		return Budget{}, fmt.Errorf("bench: the profile: %w", err)
	}
	samples := serving(parsed)
	total := int64(0)
	for _, one := range samples {
		total += one.count
	}
	if total == 0 {
		return Budget{}, errors.New("bench: the profile has no samples of the process serving")
	}
	return Budget{Samples: int(total), Steps: spread(samples, total, steps, micro), Kinds: spread(samples, total, kinds, micro)}, nil
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

func spread(samples []sampled, total int64, rules []rule, micro float64) []Line {
	counts := make([]int64, len(rules)+1)
	for _, one := range samples {
		counts[lineOf(one.stack, rules)] += one.count
	}
	lines := make([]Line, 0, len(counts))
	for i, count := range counts {
		name := rest
		if i < len(rules) {
			name = rules[i].line
		}
		share := float64(count) / float64(total)
		lines = append(lines, Line{Name: name, Share: share, Micro: share * micro})
	}
	return lines
}

// lineOf is the index of the first rule that fits, or that of the rest.
func lineOf(stack []string, rules []rule) int {
	for i, one := range rules {
		if met(stack, one.names) {
			return i
		}
	}
	return len(rules)
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
