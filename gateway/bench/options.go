package bench

import (
	"fmt"
	"time"
)

// Options say how much is measured. The zero value of a field stands for its default.
type Options struct {
	Kapok   string // the binary measured; default: this one
	Sandbox string // the binary of kapok-sandbox; default: beside this one

	Connections int           // open at once; default 64, at most 1024
	Systems     int           // calling systems; default 100, at most 1000
	Citizens    int           // each with one consent; default 10,000, at most 1,000,000
	Rounds      int           // turns of a, b, c; default 3, at most 20
	Warm        time.Duration // before each window; default 2 s, at most 15 s
	Window      time.Duration // measured; default 8 s, at most 15 s

	Dir      string // where the database and all else live for the run; default: a new folder in /var/tmp
	Profiles string // folder to keep Kapok's CPU profiles in; empty: they go with the rest
	JSON     string // file to write the result to as well; empty: none

	Progress func(step string) // told before each step; nil: nobody is
}

// Bounds keep a slip of the finger from becoming a flood, and a round shorter than
// an access token lives.
const (
	maxConnections = 1024
	maxSystems     = 1000
	maxCitizens    = 1_000_000
	maxRounds      = 20
	maxDuration    = 15 * time.Second // of warm-up or window
)

func (o Options) withDefaults() Options {
	o.Connections = orDefault(o.Connections, 64)
	o.Systems = orDefault(o.Systems, 100)
	o.Citizens = orDefault(o.Citizens, 10_000)
	o.Rounds = orDefault(o.Rounds, 3)
	o.Warm = orDefault(o.Warm, 2*time.Second)
	o.Window = orDefault(o.Window, 8*time.Second)
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

func orDefault[T int | time.Duration](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}

// check names the option at fault and its bounds.
func (o Options) check() error {
	for _, bound := range []struct {
		name               string
		value, least, most int
	}{
		{"connections", o.Connections, 1, maxConnections},
		{"systems", o.Systems, 1, maxSystems},
		{"citizens", o.Citizens, max(40, o.Systems), maxCitizens},
		{"rounds", o.Rounds, 1, maxRounds},
		{"warm-up in ms", int(o.Warm / time.Millisecond), 1, int(maxDuration / time.Millisecond)},
		{"window in ms", int(o.Window / time.Millisecond), 100, int(maxDuration / time.Millisecond)},
	} {
		if bound.value < bound.least || bound.value > bound.most {
			return fmt.Errorf("bench: %s has to be between %d and %d", bound.name, bound.least, bound.most)
		}
	}
	if o.Citizens%stride == 0 {
		return fmt.Errorf("bench: the number of citizens may not be a multiple of %d", stride)
	}
	return nil
}

// say tells of a step on the way; the table comes at the end.
func (o Options) say(format string, args ...any) { o.Progress(fmt.Sprintf(format, args...)) }
