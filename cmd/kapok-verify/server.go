package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kapok/gateway/ledger"
)

// server is a running Kapok as a source. What it says is believed in nothing, so
// that no more is asked of the connection than that it ends.
type server struct {
	base   string
	client *http.Client
}

const answerTime = 20 * time.Second

func newServer(base string) server {
	return server{strings.TrimSuffix(base, "/"), &http.Client{Timeout: answerTime}}
}

// Origins reads GET /v1/ledger/checkpoints.
func (s server) Origins(ctx context.Context) ([]string, error) {
	raw, err := s.get(ctx, "/v1/ledger/checkpoints")
	if err != nil {
		return nil, err
	}
	var listed struct {
		Checkpoints []struct {
			Origin string `json:"origin"`
		} `json:"checkpoints"`
	}
	if err := json.Unmarshal(raw, &listed); err != nil {
		return nil, errors.New("the list of checkpoints cannot be read")
	}
	origins := make([]string, len(listed.Checkpoints))
	for i, one := range listed.Checkpoints {
		origins[i] = one.Origin
	}
	return origins, nil
}

// Since reads GET /v1/ledger/consistency (FORMAT.md §12).
func (s server) Since(ctx context.Context, origin string, size uint64) (ledger.Consistency, error) {
	query := url.Values{"origin": {origin}, "from": {strconv.FormatUint(size, 10)}}
	raw, err := s.get(ctx, "/v1/ledger/consistency?"+query.Encode())
	if err != nil {
		return ledger.Consistency{}, err
	}
	return ledger.ParseConsistency(raw)
}

func (s server) get(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %d", answer.StatusCode)
	}
	return readAll(answer.Body)
}
