package bench

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is one run of the generator: connections that send a magazine's shots, each
// waiting for its answer before it sends the next.
type load struct {
	address     string // host and port, loopback
	connections int
	warm        time.Duration
	window      time.Duration
	magazine    *magazine
	keepEvery   int    // keep every how many-th answer for later; 0: none
	atEdge      func() // called when the window begins and when it ends
}

// kept is an answer that was put by, with the request that it answers.
type kept struct {
	shot   *shot
	answer []byte
}

// volley is what came of a load, within its window.
type volley struct {
	Window    time.Duration
	latencies []time.Duration // of every exchange that ended in the window, ascending
	kept      []kept
	wrong     map[string]int // answers with another status than expected: "412 for 200" → how many
	spent     bool           // the shots were used up before the window was
}

const (
	maxKept   = 256              // answers put by in one run
	lastGasps = 20 * time.Second // for the answers still under way at the end
)

// gunner is one connection's part of a load; nobody else touches it until it is done.
type gunner struct {
	load  *load
	began time.Time
	stop  *atomic.Bool
	empty chan<- struct{}

	done  []exchangeTime
	kept  []kept
	wrong map[string]int
	err   error
}

// exchangeTime is when an answer was complete, since the load began, and how long it took.
type exchangeTime struct{ end, took time.Duration }

// fire runs the load. Any failed connection fails the whole: a benchmark that drops
// requests measures nothing.
func (l *load) fire(ctx context.Context) (volley, error) {
	gunners, err := l.muster()
	if err != nil {
		return volley{}, err
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // one thread carries the load, and costs less than two
	var stop atomic.Bool
	var wait sync.WaitGroup
	empty := make(chan struct{}, len(gunners)) // one for each: nobody waits to say it
	began := time.Now()
	for g, c := range gunners {
		g.began, g.stop, g.empty = began, &stop, empty
		wait.Go(func() { g.run(c) })
	}
	first, last, spent := l.watch(ctx, began, empty)
	stop.Store(true)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return volley{}, err
	}
	return gather(gunners, first, last, spent)
}

// muster opens every connection before the first request is sent.
func (l *load) muster() (map[*gunner]*connection, error) {
	deadline := time.Now().Add(l.warm + l.window + lastGasps)
	gunners := make(map[*gunner]*connection, l.connections)
	for range l.connections {
		c, err := dial(l.address, deadline)
		if err != nil {
			for _, open := range gunners {
				open.close()
			}
			return nil, fmt.Errorf("bench: connect: %w", err)
		}
		gunners[&gunner{load: l, wrong: map[string]int{}}] = c
	}
	return gunners, nil
}

// watch keeps the time: it returns when the window began and ended, and whether it
// ended early because the shots were spent.
func (l *load) watch(ctx context.Context, began time.Time, empty <-chan struct{}) (first, last time.Duration, spent bool) {
	edge := func() time.Duration {
		if l.atEdge != nil {
			l.atEdge()
		}
		return time.Since(began)
	}
	select {
	case <-time.After(l.warm):
	case <-empty:
		return 0, 0, true
	case <-ctx.Done():
		return 0, 0, false
	}
	first = edge()
	select {
	case <-time.After(l.window):
	case <-empty:
		spent = true
	case <-ctx.Done():
	}
	return first, edge(), spent
}

func (g *gunner) run(c *connection) {
	defer c.close()
	g.done = make([]exchangeTime, 0, 1<<14)
	for !g.stop.Load() {
		next, number, ok := g.load.magazine.take()
		if !ok {
			g.empty <- struct{}{}
			return
		}
		sent := time.Since(g.began)
		status, answer, err := c.exchange(next.request)
		end := time.Since(g.began)
		if err != nil {
			g.err = err
			g.empty <- struct{}{}
			return
		}
		g.done = append(g.done, exchangeTime{end: end, took: end - sent})
		if status != next.status {
			g.wrong[fmt.Sprintf("%d for %d", status, next.status)]++
		}
		g.keep(next, number, answer)
	}
}

func (g *gunner) keep(s *shot, number int, answer []byte) {
	every := g.load.keepEvery
	if every == 0 || number%every != 0 || number/every >= maxKept {
		return
	}
	g.kept = append(g.kept, kept{shot: s, answer: slices.Clone(answer)})
}

// gather joins what the connections saw and counts what ended within the window.
func gather(gunners map[*gunner]*connection, first, last time.Duration, spent bool) (volley, error) {
	all := volley{Window: last - first, wrong: map[string]int{}, spent: spent}
	for g := range gunners {
		if g.err != nil {
			return volley{}, fmt.Errorf("bench: a connection failed: %w", g.err)
		}
		for _, one := range g.done {
			if one.end > first && one.end <= last {
				all.latencies = append(all.latencies, one.took)
			}
		}
		all.kept = append(all.kept, g.kept...)
		for what, count := range g.wrong {
			all.wrong[what] += count
		}
	}
	if len(all.latencies) == 0 {
		return volley{}, fmt.Errorf("bench: no answer ended within the window; unexpected statuses: %v", all.wrong)
	}
	slices.Sort(all.latencies)
	return all, nil
}

// rate is exchanges per second.
func (v volley) rate() float64 { return float64(len(v.latencies)) / v.Window.Seconds() }

// percentile is the latency that a share of the exchanges (0 < share ≤ 1) did not
// exceed: an observed one, by nearest rank.
func (v volley) percentile(share float64) time.Duration {
	rank := int(share*float64(len(v.latencies))+0.999999999) - 1
	return v.latencies[min(max(rank, 0), len(v.latencies)-1)]
}
