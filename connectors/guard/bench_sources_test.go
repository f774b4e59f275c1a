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
	rounds        = 7
	roundTime     = 3 * time.Second
	pace          = 200 * time.Millisecond // between two calls of one caller: the load is the same in both rounds
	mostRise      = 0.10
	mostOverhead  = 100 * time.Microsecond
)

// TestBenchSources is `make bench-sources`.
func TestBenchSources(t *testing.T) {
	if os.Getenv("KAPOK_BENCH_SOURCES") == "" {
		t.Skip("a measurement: make bench-sources")
	}
	quick, slow := sourceOf(t, 0), sourceOf(t, slowness)
	var alone, beside []time.Duration
	var rises []float64 // of each pair: what else the machine does meets both of its rounds
	for pair := range rounds {
		a, b := paired(t, quick, slow, pair%2 == 1)
		alone, beside, rises = append(alone, a), append(beside, b), append(rises, float64(b)/float64(a)-1)
	}
	slices.Sort(rises)
	rise := rises[len(rises)/2]
	t.Logf("p99 of the quick source, alone:          %v (of %d rounds: %v)", middle(alone), rounds, alone)
	t.Logf("p99 beside a source that takes %v:       %v (%v)", slowness, middle(beside), beside)
	t.Logf("rise, the middle of %d pairs (%+.2f): %+.1f %% at %d concurrent calls (at most %.0f %%)", rounds, rises, 100*rise, 2*callersOfEach, 100*mostRise)
	if rise > mostRise {
		t.Errorf("the slow source raised the other's p99 by %.1f %%", 100*rise)
	}
	overhead(t, quick)
}

// paired measures the quick source alone and beside the slow one, in turns first.
func paired(t *testing.T, quick, slow *benched, slowFirst bool) (alone, beside time.Duration) {
	t.Helper()
	if slowFirst {
		beside = round(t, quick, slow)
		return round(t, quick, nil), beside
	}
	alone = round(t, quick, nil)
	return alone, round(t, quick, slow)
}

type benched struct {
	url       string
	connector connectors.Connector
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
	return &benched{server.URL, source.Guard(inner, 0)}
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
