package timestamp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/crypto/tsp"
)

// Ask sends a query (RFC 3161) to an authority and returns its reply.
type Ask func(ctx context.Context, query []byte) (reply []byte, err error)

const (
	maxReply = 64 << 10
	timeout  = 30 * time.Second
)

// ByHTTP asks the authority at address (RFC 3161, 3.4). Redirects are not followed.
func ByHTTP(address string) Ask {
	client := &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return func(ctx context.Context, query []byte) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(query))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/timestamp-query")
		response, err := client.Do(request)
		if err != nil {
			return nil, errors.New("timestamp: the authority could not be reached")
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "application/timestamp-reply" {
			return nil, fmt.Errorf("timestamp: the authority answered with status %d and no time-stamp", response.StatusCode)
		}
		return io.ReadAll(io.LimitReader(response.Body, maxReply))
	}
}

// Get has a checkpoint stamped and returns the token, which it has verified: the
// checkpoint's, fresh, by an authority under one of roots.
func Get(ctx context.Context, ask Ask, checkpoint string, roots []*pki.Certificate, v *sm.Verifier) ([]byte, time.Time, error) {
	if len(roots) == 0 {
		return nil, time.Time{}, errors.New("timestamp: no authority's root is trusted")
	}
	imprint := tsp.BySM3([]byte(checkpoint))
	query, nonce, err := tsp.NewQuery(imprint)
	if err != nil {
		return nil, time.Time{}, err
	}
	reply, err := ask(ctx, query)
	if err != nil {
		return nil, time.Time{}, err
	}
	der, err := tsp.ParseReply(reply)
	if err != nil {
		return nil, time.Time{}, err
	}
	token, err := tsp.ParseToken(der)
	if err != nil {
		return nil, time.Time{}, err
	}
	if token.Nonce == nil || token.Nonce.Cmp(nonce) != 0 {
		return nil, time.Time{}, errors.New("timestamp: the reply is to another question")
	}
	return der, token.Time, token.Verify(v, "timestamp", imprint, nil, roots)
}
