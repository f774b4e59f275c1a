package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 60 * time.Second // longer than any source may take
	idleTimeout       = 2 * time.Minute
	maxHeader         = 32 << 10 // bytes; the largest lawful one is a token with its certificate
)

// NewServer makes a server whose clients cannot hold it up: every phase of a
// connection has an end.
func NewServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,

		DisableGeneralOptionsHandler: true, // "OPTIONS *" is refused like any other target that is no path

		ErrorLog: slog.NewLogLogger(withoutAddress{log.Handler()}, slog.LevelWarn),
	}
}

// Serve answers on listener until ctx ends, then lets the requests under way finish
// for at most grace. It returns nil after such an end.
func Serve(ctx context.Context, server *http.Server, listener net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := server.Shutdown(ending)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// withoutAddress cuts from net/http's own messages what follows "from": the address
// of a client, who may be a citizen.
type withoutAddress struct{ slog.Handler }

func (h withoutAddress) Handle(ctx context.Context, record slog.Record) error {
	said, _, _ := strings.Cut(record.Message, " from ")
	cut := slog.NewRecord(record.Time, record.Level, said, record.PC)
	return h.Handler.Handle(ctx, cut)
}
