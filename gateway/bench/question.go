package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// question is what Kapok's own connector sends to the source, taken down once: the
// proxies are given the same, about each citizen, with the same signed headers. The
// platform takes them for five minutes.
type question struct {
	path   string
	header http.Header
	body   []byte
	about  gateway.Identity
}

// askOnce asks the source about one citizen through the real connector and takes
// down what went out.
func askOnce(ctx context.Context, connection catalog.Connection, secrets func(string) (string, error), about gateway.Identity) (question, error) {
	client := connectors.HTTPClient()
	recorder := &recorder{inner: client.Transport}
	client.Transport = recorder
	defer client.CloseIdleConnections()
	source, err := builtin.New(connection.Protocol, connection.Settings, builtin.World{Secrets: secrets, Client: client, Verifier: sm.NewVerifier(sm.VerifierOptions{})})
	if err != nil {
		return question{}, fmt.Errorf("bench: the source's connector: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := source.Fetch(ctx, connectors.Query{Subject: about, ServiceItem: matter, CaseNo: "BENCH-0"})
	if err != nil {
		return question{}, fmt.Errorf("bench: ask the source once: %w", err)
	}
	if len(answer.Records) != 1 {
		return question{}, errors.New("bench: the source does not know the citizen that the bench asks about")
	}
	asked := recorder.last
	asked.about = about
	return asked, nil
}

// of is the question about another citizen.
func (q question) of(citizen gateway.Identity) []byte {
	return bytes.ReplaceAll(q.body, []byte(q.about.Number()), []byte(citizen.Number()))
}

// recorder passes requests on and remembers the last one.
type recorder struct {
	inner http.RoundTripper
	mu    sync.Mutex
	last  question
}

// RoundTrip is called by the connector's client.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	if err := request.Body.Close(); err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Body = io.NopCloser(bytes.NewReader(body))
	r.mu.Lock()
	r.last = question{path: request.URL.Path, header: request.Header.Clone(), body: body}
	r.mu.Unlock()
	return r.inner.RoundTrip(request)
}
