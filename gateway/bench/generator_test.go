package bench

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func serverCounting(t *testing.T, delay time.Duration) (base string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count.Add(1)
		time.Sleep(delay)
		if r.URL.Path == "/refused" {
			w.WriteHeader(http.StatusForbidden)
		}
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	return server.URL, count
}

func shotsAt(base string, paths ...string) []shot {
	var shots []shot
	for _, path := range paths {
		shots = append(shots, shot{request: renderPost(base, path, http.Header{}, nil), status: http.StatusOK})
	}
	return shots
}

func TestLoadMeasuresItsWindow(t *testing.T) {
	base, served := serverCounting(t, 10*time.Millisecond)
	edges := 0
	l := load{
		address: hostOf(base), connections: 4, warm: 100 * time.Millisecond, window: 400 * time.Millisecond,
		magazine: &magazine{shots: shotsAt(base, "/a", "/b"), cycles: true}, atEdge: func() { edges++ }, keepEvery: 7,
	}
	seen, err := l.fire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if edges != 2 || seen.spent || len(seen.wrong) > 0 {
		t.Errorf("edges %d, spent %v, wrong %v", edges, seen.spent, seen.wrong)
	}
	if got := int64(len(seen.latencies)); got >= served.Load() || got < served.Load()/2 {
		t.Errorf("%d of %d exchanges counted: the warm-up is not to be, the window is", got, served.Load())
	}
	if ceiling := 4 / 0.010 * 1.1; seen.rate() > ceiling || seen.rate() <= 0 {
		t.Errorf("%.0f/s, more than four connections of 10 ms can make", seen.rate())
	}
	if p50, p99 := seen.percentile(0.50), seen.percentile(0.99); p50 < 10*time.Millisecond || p99 < p50 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
	if len(seen.kept) == 0 {
		t.Error("no answer was put by")
	}
}

func TestLoadCountsWrongStatuses(t *testing.T) {
	base, _ := serverCounting(t, time.Millisecond)
	l := load{
		address: hostOf(base), connections: 2, warm: 10 * time.Millisecond, window: 100 * time.Millisecond,
		magazine: &magazine{shots: shotsAt(base, "/a", "/refused"), cycles: true},
	}
	seen, err := l.fire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(seen.wrong) != 1 || seen.wrong["403 for 200"] == 0 {
		t.Errorf("wrong: %v", seen.wrong)
	}
}

func TestLoadEndsWhenItsShotsAreSpent(t *testing.T) {
	base, served := serverCounting(t, 5*time.Millisecond)
	l := load{
		address: hostOf(base), connections: 2, warm: 20 * time.Millisecond, window: 10 * time.Second,
		magazine: &magazine{shots: shotsAt(base, slices.Repeat([]string{"/a"}, 40)...)},
	}
	seen, err := l.fire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !seen.spent || seen.Window > 5*time.Second {
		t.Errorf("spent %v after %v", seen.spent, seen.Window)
	}
	if served.Load() != 40 {
		t.Errorf("%d requests of 40 shots", served.Load())
	}
}

func TestLoadFailsWithItsConnections(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	l := load{
		address: hostOf(server.URL), connections: 2, warm: 10 * time.Millisecond, window: 5 * time.Second,
		magazine: &magazine{shots: shotsAt(server.URL, "/"), cycles: true},
	}
	if _, err := l.fire(t.Context()); err == nil {
		t.Error("connections broke and the load is content")
	}
}

func TestPercentileIsAnObservedOne(t *testing.T) {
	v := volley{}
	for i := range 200 {
		v.latencies = append(v.latencies, time.Duration(i+1)*time.Millisecond)
	}
	for share, want := range map[float64]time.Duration{
		0.50: 100 * time.Millisecond, 0.99: 198 * time.Millisecond, 1: 200 * time.Millisecond, 0.001: time.Millisecond,
	} {
		if got := v.percentile(share); got != want {
			t.Errorf("percentile %v: %v, want %v", share, got, want)
		}
	}
}
