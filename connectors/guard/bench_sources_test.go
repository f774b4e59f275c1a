package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"kapok/connectors"
	"kapok/connectors/guard"
	"kapok/connectors/rest"
	"kapok/crypto/sm"
)

// The aims, in the words: a slow source (2 s) does not raise another's p99 by
// more than a tenth at 500 concurrent calls; a connector adds at most 100 µs to a bare
// HTTP call.
const (
	callersOfEach = 250
	slowness      = 2 * time.Second
	rounds        = 9
	roundTime     = 6 * time.Second
	pace          = 200 * time.Millisecond // between two calls of one caller: the load is the same in both rounds
	mostRise      = 0.10
	mostOverhead  = 100 * time.Microsecond
)

// TestBenchSources is `make bench-sources`.
func TestBenchSources(t *testing.T) {
	if os.Getenv("KAPOK_BENCH_SOURCES") == "" {
		t.Skip("a measurement: make bench-sources")
	}
	quick := sourceOf(t, 0)
	// The second neighbour answers at once, to callers who pause as long as the slow one
	// takes: as many calls a second, so that what differs is slowness alone.
	neighbours := []*benched{nil, sourceOf(t, 0), sourceOf(t, slowness)}
	neighbours[1].pause = slowness
	took := make([][]time.Duration, len(neighbours))
	for turn := range rounds {
		for i := range neighbours { // each in each place of a turn: what else the machine does meets all
			at := (i + turn) % len(neighbours)
			took[at] = append(took[at], round(t, quick, neighbours[at]))
		}
	}
	for i, name := range []string{"alone", "beside as many calls that are answered at once", fmt.Sprintf("beside as many calls that take %v", slowness)} {
		t.Logf("p99 of the quick source %-50s %v (of %d rounds: %v)", name+":", middle(took[i]), rounds, took[i])
	}
	rise := middleRise(took[1], took[2])
	t.Logf("slowness alone raised it by %+.1f %% at %d concurrent calls (at most %.0f %%); slowness and the calls by %+.1f %%",
		100*rise, 2*callersOfEach, 100*mostRise, 100*middleRise(took[0], took[2]))
	if rise > mostRise {
		t.Errorf("the slow source raised the other's p99 by %.1f %%", 100*rise)
	}
	overhead(t, quick)
}

// middleRise is the middle of how much more each round of a turn took than its fellow.
func middleRise(from, to []time.Duration) float64 {
	rises := make([]float64, len(from))
	for i := range from {
		rises[i] = float64(to[i])/float64(from[i]) - 1
	}
	slices.Sort(rises)
	return rises[len(rises)/2]
}

type benched struct {
	url       string
	connector connectors.Connector
	pause     time.Duration // of a caller, between two calls
}

// sourceOf is a REST source that answers after a while, asked as the gateway does.
func sourceOf(t *testing.T, after time.Duration) *benched {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var question map[string]string
		if json.NewDecoder(r.Body).Decode(&question) != nil {
			http.Error(w, "not JSON", http.StatusBadRequest)
			return
		}
		time.Sleep(after)
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"status":"ok","rows":[{"id_card":%q,"name":"测试甲","level":"3","kind":"肢体","state":"有效"}]}`, question["id_card"])
	}))
	t.Cleanup(server.Close)
	inner, err := rest.New(map[string]string{"url": server.URL, "subject_param": "id_card", "code": "/status", "ok": "ok", "records": "/rows"},
		nil, connectors.HTTPClient(), sm.NewVerifier(sm.VerifierOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	source := guard.NewSource(guard.Terms{ID: "s", Concurrent: 2 * callersOfEach}, nil, time.Now)
	return &benched{url: server.URL, connector: source.Guard(inner, 0)}
}

// round lets callers ask at an even pace and returns the quick source's p99. The slow
// source's callers come one after the other, and what is measured begins when all wait:
// their dialling is no part of it.
func round(t *testing.T, quick, slow *benched) time.Duration {
	t.Helper()
	begin := time.Now().Add(slowness)
	ctx, cancel := context.WithDeadline(t.Context(), begin.Add(roundTime))
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	for caller := range callersOfEach {
		all.Go(func() {
			time.Sleep(pace * time.Duration(caller) / callersOfEach)
			for ctx.Err() == nil {
				began := time.Now()
				_, err := quick.connector.Fetch(context.WithoutCancel(ctx), query(t, ""))
				lasted := time.Since(began)
				if err != nil {
					t.Error(err)
				}
				if began.After(begin) {
					mu.Lock()
					took = append(took, lasted)
					mu.Unlock()
				}
				time.Sleep(pace)
			}
		})
		if slow == nil {
			continue
		}
		all.Go(func() {
			time.Sleep(slowness * time.Duration(caller) / callersOfEach)
			for ctx.Err() == nil {
				_, _ = slow.connector.Fetch(context.WithoutCancel(ctx), query(t, ""))
				time.Sleep(slow.pause)
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return took[len(took)*99/100]
}

func middle(of []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// overhead compares calls of the connector, guard and all, with bare ones to the same
// address, in turns.
func overhead(t *testing.T, quick *benched) {
	t.Helper()
	client, q := connectors.HTTPClient(), query(t, "")
	question := []byte(`{"id_card":"` + q.Subject.Number() + `"}`)
	var bare, connected []time.Duration
	for range 4000 {
		began := time.Now()
		res, err := client.Post(quick.url, "application/json", bytes.NewReader(question))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		bare = append(bare, time.Since(began))
		began = time.Now()
		if _, err := quick.connector.Fetch(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		connected = append(connected, time.Since(began))
	}
	added := middle(connected) - middle(bare)
	t.Logf("a bare HTTP call: %v; by connector and guard: %v; overhead: %v (medians; at most %v)", middle(bare), middle(connected), added, mostOverhead)
	if added > mostOverhead {
		t.Errorf("the connector adds %v", added)
	}
}
