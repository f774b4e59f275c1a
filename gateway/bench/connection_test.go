package bench

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestConnectionFindsTheEndOfEveryAnswer(t *testing.T) {
	long := strings.Repeat("长", 20_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			_, _ = w.Write([]byte("short"))
		case "/long":
			w.Header().Set("Content-Length", "60000")
			_, _ = w.Write([]byte(long))
		case "/chunked":
			for _, part := range []string{"one", long, "three"} {
				_, _ = w.Write([]byte(part))
				_ = http.NewResponseController(w).Flush()
			}
		default:
			w.WriteHeader(http.StatusPreconditionFailed)
		}
	}))
	defer server.Close()
	c, err := dial(hostOf(server.URL), time.Now().Add(10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, want := range []struct {
		path     string
		status   int
		contains string
	}{
		{"/length", 200, "short"}, {"/long", 200, long}, {"/chunked", 200, "three"},
		{"/refused", 412, ""}, {"/length", 200, "short"},
	} {
		status, answer, err := c.exchange(renderPost(server.URL, want.path, http.Header{}, []byte("{}")))
		if err != nil {
			t.Fatalf("%s: %v", want.path, err)
		}
		if status != want.status || !strings.Contains(string(answer), want.contains) {
			t.Errorf("%s: status %d, %d bytes", want.path, status, len(answer))
		}
	}
}

// answering answers every connection with the same bytes and keeps it open.
func answering(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(answer))
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	return listener.Addr().String()
}

func TestConnectionRefusesAnswersItCannotMeasure(t *testing.T) {
	for name, answer := range map[string]string{
		"no length":       "HTTP/1.1 200 OK\r\n\r\nbody",
		"more than said":  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbody",
		"not a number":    "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nbody",
		"never completes": "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := dial(answering(t, answer), time.Now().Add(200*time.Millisecond))
			if err != nil {
				t.Fatal(err)
			}
			defer c.close()
			if status, _, err := c.exchange([]byte("GET / HTTP/1.1\r\n\r\n")); err == nil {
				t.Errorf("status %d and no error", status)
			}
		})
	}
}

func TestLoadStaysOnThisMachine(t *testing.T) {
	for _, address := range []string{"192.0.2.1:80", "10.0.0.1:80", "example.invalid:80", "localhost:80", "0.0.0.0:80", "127.0.0.1"} {
		if _, err := dial(address, time.Now().Add(time.Second)); err == nil {
			t.Errorf("%s was dialled", address)
		}
	}
}
