package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Result is everything that a run found.
type Result struct {
	At         time.Time         `json:"at"`
	Machine    Machine           `json:"machine"`
	PostgreSQL map[string]string `json:"postgresql"` // name in pg_settings → value
	Load       Load              `json:"load"`
	Contenders []Standing        `json:"contenders"`
	Ratio      Ratio             `json:"c_to_b"`
	Budget     Budget            `json:"budget"` // of c's process, over all rounds
	Commits    Commits           `json:"ledger_commits"`
	Verified   Verified          `json:"verified"`
}

// Load is what was sent.
type Load struct {
	Connections int           `json:"connections"`
	Systems     int           `json:"systems"`
	Citizens    int           `json:"citizens"`
	Rounds      int           `json:"rounds"`
	Warm        time.Duration `json:"warm_ns"`
	Window      time.Duration `json:"window_ns"`
}

// Standing is one contender over all rounds: the figures are medians.
type Standing struct {
	Key    string        `json:"key"`
	Title  string        `json:"title"`
	Rate   float64       `json:"per_second"`
	P50    time.Duration `json:"p50_ns"`
	P99    time.Duration `json:"p99_ns"`
	CPU    CPU           `json:"cpu_us_per_exchange"`
	Rounds []Measurement `json:"rounds"`
}

// Ratio is c/b of the medians, and within each round, where both met the same weather.
// CPU is b/c of the processor time that all parties used for an exchange: what the
// ratio would be if nothing else ran on the machine and nobody ever waited.
type Ratio struct {
	Median float64   `json:"median"`
	Rounds []float64 `json:"rounds"`
	CPU    float64   `json:"cpu"`
}

func stand(c contender, rounds []Measurement) Standing {
	return Standing{
		Key: c.key, Title: c.title, Rounds: rounds,
		Rate: median(rounds, func(m Measurement) float64 { return m.Rate }),
		P50:  median(rounds, func(m Measurement) time.Duration { return m.P50 }),
		P99:  median(rounds, func(m Measurement) time.Duration { return m.P99 }),
		CPU: CPU{
			Contender:  median(rounds, func(m Measurement) float64 { return m.CPU.Contender }),
			PostgreSQL: median(rounds, func(m Measurement) float64 { return m.CPU.PostgreSQL }),
			Source:     median(rounds, func(m Measurement) float64 { return m.CPU.Source }),
			Generator:  median(rounds, func(m Measurement) float64 { return m.CPU.Generator }),
			Others:     median(rounds, func(m Measurement) float64 { return m.CPU.Others }),
			Idle:       median(rounds, func(m Measurement) float64 { return m.CPU.Idle }),
		},
	}
}

// median is the middle one of the rounds; of an even number the lower of the two, so that
// it is one that was observed.
func median[T cmp.Ordered](rounds []Measurement, figure func(Measurement) T) T {
	figures := make([]T, len(rounds))
	for i, one := range rounds {
		figures[i] = figure(one)
	}
	slices.Sort(figures)
	return figures[(len(figures)-1)/2]
}

func ratio(b, c Standing) Ratio {
	r := Ratio{Median: c.Rate / b.Rate, CPU: b.CPU.parties() / c.CPU.parties()}
	for i := range c.Rounds {
		r.Rounds = append(r.Rounds, c.Rounds[i].Rate/b.Rounds[i].Rate)
	}
	return r
}

func (r Result) write(file string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}
