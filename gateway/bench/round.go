package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Measurement is one contender's window.
type Measurement struct {
	Exchanges int            `json:"exchanges"`
	Window    time.Duration  `json:"window_ns"`
	Rate      float64        `json:"per_second"`
	P50       time.Duration  `json:"p50_ns"`
	P99       time.Duration  `json:"p99_ns"`
	Spent     bool           `json:"spent,omitempty"` // the window ended early: the signed requests were used up
	CPU       CPU            `json:"cpu_us_per_exchange"`
	Wrong     map[string]int `json:"wrong_statuses,omitempty"`

	kept    []kept
	profile string
	commits Commits
}

// CPU is processor time in microseconds for one exchange, by who used it.
type CPU struct {
	Contender  float64 `json:"contender"`
	PostgreSQL float64 `json:"postgresql"`
	Source     float64 `json:"source"`
	Generator  float64 `json:"generator"`
	Others     float64 `json:"others"` // all else on the machine, the kernel's own threads included
	Idle       float64 `json:"idle"`
}

// parties is what all whose work an exchange is used together.
func (c CPU) parties() float64 { return c.Contender + c.PostgreSQL + c.Source + c.Generator }

// disturbed is the share of the processors that work of others took.
func (c CPU) disturbed() float64 {
	all := c.parties() + c.Others + c.Idle
	if all == 0 {
		return 0
	}
	return c.Others / all
}

// The trial run finds out how many requests are to be signed for the window, and
// warms up the process.
const (
	trialShots  = 4_000
	trialWindow = 700 * time.Millisecond
	spareShots  = 1.6 // times what the trial's rate asks for
)

// measure starts a contender, lets it run through its window, and ends it.
func (s *stage) measure(ctx context.Context, c contender, round int) (found Measurement, err error) {
	r, err := c.start(ctx, s, round)
	if err != nil {
		return Measurement{}, err
	}
	stopped := false
	defer func() {
		if !stopped {
			err = errors.Join(err, r.process.stop())
		}
	}()
	rate, err := s.trial(ctx, c, r)
	if err != nil {
		return Measurement{}, fmt.Errorf("%s, trial: %w", c.title, err)
	}
	count := int(rate*spareShots*(s.o.Warm+s.o.Window).Seconds()) + s.o.Connections
	magazine, err := c.arm(ctx, s, r, count)
	if err != nil {
		return Measurement{}, err
	}
	found, err = s.shoot(ctx, c, r, magazine)
	if err != nil {
		return Measurement{}, fmt.Errorf("%s: %w", c.title, err)
	}
	stopped = true
	found.profile = r.profile
	if c.verify {
		if found.commits, err = readCommits(ctx, r.base); err != nil {
			return found, errors.Join(err, r.process.stop())
		}
	}
	return found, r.process.stop() // it writes its profile when it ends
}

func (s *stage) trial(ctx context.Context, c contender, r *running) (float64, error) {
	magazine, err := c.arm(ctx, s, r, trialShots)
	if err != nil {
		return 0, err
	}
	trial := load{
		address: hostOf(r.base), connections: s.o.Connections, magazine: magazine,
		warm: trialWindow / 4, window: trialWindow,
	}
	seen, err := trial.fire(ctx)
	if err != nil {
		return 0, err
	}
	if len(seen.wrong) > 0 {
		return 0, fmt.Errorf("bench: unexpected statuses: %v", seen.wrong)
	}
	return seen.rate(), nil
}

// keptOf says every how many-th answer is put by, over the whole of a run. It has no
// divisor in common with the 40 calls after which the refusals come again: of them
// too some are put by.
func keptOf(shots int) int {
	every := shots/maxKept | 1
	if every%5 == 0 {
		every += 2
	}
	return every
}

func (s *stage) shoot(ctx context.Context, c contender, r *running, magazine *magazine) (Measurement, error) {
	who := parties{subject: r.process.pid(), database: s.database.PID(), source: s.source.process.pid()}
	var edges []clock
	run := load{
		address: hostOf(r.base), connections: s.o.Connections, magazine: magazine,
		warm: s.o.Warm, window: s.o.Window,
		atEdge: func() { edges = append(edges, who.read()) },
	}
	if c.verify {
		run.keepEvery = keptOf(len(magazine.shots))
	}
	seen, err := run.fire(ctx)
	if err != nil {
		return Measurement{}, err
	}
	return Measurement{
		Exchanges: len(seen.latencies), Window: seen.Window, Rate: seen.rate(),
		P50: seen.percentile(0.50), P99: seen.percentile(0.99), Spent: seen.spent,
		CPU: edges[1].since(edges[0]).perExchange(len(seen.latencies)), Wrong: seen.wrong, kept: seen.kept,
	}, nil
}

func (c clock) perExchange(count int) CPU {
	each := func(used time.Duration) float64 { return float64(used.Microseconds()) / float64(count) }
	return CPU{
		Contender: each(c.subject), PostgreSQL: each(c.database), Source: each(c.source),
		Generator: each(c.generator), Others: each(c.others()), Idle: each(c.idle),
	}
}
