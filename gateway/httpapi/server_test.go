package httpapi_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"kapok/gateway/httpapi"
)

// serving runs a handler as Kapok is run and returns its address, how to end it, and
// how it ended.
func serving(t *testing.T, handler http.Handler, grace time.Duration) (string, context.CancelFunc, <-chan error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() {
		ended <- httpapi.Serve(ctx, httpapi.NewServer(handler, slog.New(slog.DiscardHandler)), listener, grace)
	}()
	return listener.Addr().String(), cancel, ended
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	address, stop, ended := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		entered <- true
		<-leave
		_, _ = io.WriteString(w, "released")
	}), 5*time.Second)
	got := make(chan string, 1)
	go func() {
		response, err := http.Get("http://" + address)
		if err != nil {
			got <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		got <- string(body)
	}()
	<-entered
	stop()
	select {
	case err := <-ended:
		t.Fatalf("it ended before the request: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	if body := <-got; body != "released" {
		t.Errorf("the request under way got %q", body)
	}
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	entered, leave := make(chan bool), make(chan bool)
	t.Cleanup(func() { close(leave) })
	address, stop, ended := serving(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		entered <- true
		<-leave
	}), 50*time.Millisecond)
	go func() {
		if response, err := http.Get("http://" + address); err == nil {
			response.Body.Close()
		}
	}()
	<-entered
	stop()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a request was cut off and nobody is told")
		}
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for ever")
	}
}

func TestSlowClientsAreLetGo(t *testing.T) {
	server := httpapi.NewServer(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	for name, limit := range map[string]time.Duration{
		"headers": server.ReadHeaderTimeout, "request": server.ReadTimeout, "answer": server.WriteTimeout, "idle": server.IdleTimeout,
	} {
		if limit <= 0 || limit > 3*time.Minute {
			t.Errorf("%s: %v", name, limit)
		}
	}
}

func TestHeadersTooLarge(t *testing.T) {
	w := newWorld(t)
	request, err := http.NewRequest(http.MethodGet, w.url+"/livez", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", response.StatusCode)
	}
}
