package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Run measures the contenders in turns and prints what was found. It returns an
// error when anything was not as expected, after printing what there is.
func Run(ctx context.Context, o Options, out io.Writer) (err error) {
	o, err = o.complete()
	if err != nil {
		return err
	}
	s, err := build(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	result, err := s.run(ctx)
	if err != nil {
		return err
	}
	if err := result.print(out); err != nil {
		return err
	}
	if o.JSON != "" {
		if err := result.write(o.JSON); err != nil {
			return err
		}
	}
	return result.wrong()
}

// complete fills in the defaults and finds the binaries.
func (o Options) complete() (Options, error) {
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return o, err
	}
	var err error
	if o.Kapok == "" {
		if o.Kapok, err = os.Executable(); err != nil {
			return o, fmt.Errorf("bench: find this program: %w", err)
		}
	}
	if o.Sandbox == "" {
		o.Sandbox, err = sibling("kapok-sandbox")
	}
	return o, err
}

// run takes the rounds and sums up.
func (s *stage) run(ctx context.Context) (Result, error) {
	result := Result{
		At: time.Now(), PostgreSQL: s.settings,
		Load: Load{
			Connections: s.o.Connections, Systems: s.o.Systems, Citizens: s.o.Citizens,
			Rounds: s.o.Rounds, Warm: s.o.Warm, Window: s.o.Window,
		},
	}
	var err error
	if result.Machine, err = lookAround(s.dir); err != nil {
		return Result{}, err
	}
	rounds, err := s.takeTurns(ctx)
	if err != nil {
		return Result{}, err
	}
	for _, c := range contenders() {
		result.Contenders = append(result.Contenders, stand(c, rounds[c.key]))
	}
	result.Ratio = ratio(result.Contenders[1], result.Contenders[2])
	return result, s.examine(&result, rounds["c"])
}

func (s *stage) takeTurns(ctx context.Context) (map[string][]Measurement, error) {
	rounds := map[string][]Measurement{}
	for round := range s.o.Rounds {
		for _, c := range contenders() {
			s.o.say("round %d of %d: %s", round+1, s.o.Rounds, c.title)
			found, err := s.measure(ctx, c, round)
			if err != nil {
				return nil, err
			}
			s.o.say("         %.0f exchanges/s, p50 %.2f ms, p99 %.2f ms", found.Rate, millis(found.P50), millis(found.P99))
			rounds[c.key] = append(rounds[c.key], found)
		}
	}
	return rounds, nil
}

// examine verifies the answers that Kapok gave and reads where its time went.
func (s *stage) examine(result *Result, rounds []Measurement) error {
	var profiles []string
	for _, one := range rounds {
		verified, err := verifyAll(one.kept, s.pinned)
		if err != nil {
			return err
		}
		result.Verified.Releases += verified.Releases
		result.Verified.Refusals += verified.Refusals
		profiles = append(profiles, one.profile)
		result.Commits = result.Commits.plus(one.commits)
	}
	budget, err := readBudget(profiles, result.Contenders[2].CPU.Contender)
	result.Budget = budget
	return err
}

// wrong is the error of a run in which an answer had another status than expected.
func (r Result) wrong() error {
	for _, one := range r.Contenders {
		for _, round := range one.Rounds {
			if len(round.Wrong) > 0 {
				return errors.New("bench: answers had other statuses than expected; the figures do not count")
			}
		}
	}
	return nil
}
