package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/jose"
)

// startNode starts `kapok serve` as an operator would, with a CPU profile.
func startNode(ctx context.Context, s *stage, round int) (*running, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	r := &running{base: "http://" + address, profile: filepath.Join(s.profileFolder(), fmt.Sprintf("kapok-cpu-%d.pprof", round+1))}
	config := filepath.Join(s.dir, "kapok.yaml")
	if err := s.writeConfig(config, address, r.profile); err != nil {
		return nil, err
	}
	if r.process, err = start("kapok serve", s.o.Kapok, []string{"serve", "--config", config}, nil); err != nil {
		return nil, err
	}
	if err := r.ready(ctx); err != nil {
		return nil, errors.Join(err, r.process.stop())
	}
	return r, nil
}

func (s *stage) profileFolder() string {
	if s.o.Profiles != "" {
		return s.o.Profiles
	}
	return s.dir
}

func (s *stage) writeConfig(file, address, profile string) error {
	passphrase := filepath.Join(s.dir, "passphrase")
	if err := os.WriteFile(passphrase, []byte(s.passphrase), 0o600); err != nil {
		return err
	}
	content, err := yaml.Marshal(map[string]any{
		"listen": address, "public_url": "http://" + address, "node": "bench-node", "log_name": "bench.invalid",
		"database":    map[string]any{"url": s.database.DSN()},
		"keys":        map[string]any{"backend": "file", "folder": s.keysFolder(), "passphrase_file": passphrase},
		"catalog":     map[string]any{"folder": s.catalogueFolder(), "values": s.catalogueValues()},
		"sign_in":     map[string]any{"issuer": s.source.base, "client_id": "kapok"},
		"cpu_profile": profile,
	})
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

const nodePatience = 30 * time.Second

// ready waits until the node says so.
func (r *running) ready(ctx context.Context) error {
	deadline := time.After(nodePatience)
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/readyz", nil)
		if err != nil {
			return err
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close() // only the status mattered
			if response.StatusCode < http.StatusBadRequest {
				return nil
			}
		}
		select {
		case <-r.process.ended:
			return r.process.failure("ended before it was ready")
		case <-deadline:
			return r.process.failure("did not get ready")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

const exchangePath = "/v1/exchanges"

// armNode obtains a token for each system and signs count requests.
func armNode(ctx context.Context, s *stage, r *running, count int) (*magazine, error) {
	tokens := make([]string, len(s.people.systems))
	for i, one := range s.people.systems {
		var err error
		if tokens[i], err = obtainToken(ctx, r.base, one); err != nil {
			return nil, fmt.Errorf("bench: obtain a token: %w", err)
		}
	}
	return signedRequests(ctx, s.people.systems, count, func(number int) (unsigned, error) {
		drafted, err := s.people.exchangeAsk(number)
		drafted.base, drafted.path, drafted.token = r.base, exchangePath, tokens[drafted.system]
		return drafted, err
	})
}

const maxTokenAnswer = 64 << 10 // bytes

// obtainToken is OAuth 2 client credentials with a signed assertion (RFC 7523).
func obtainToken(ctx context.Context, base string, s system) (string, error) {
	now := time.Now()
	assertion, err := jose.Sign(ctx, jwt.RegisteredClaims{
		Issuer: s.id, Subject: s.id, Audience: jwt.ClaimStrings{base + "/oauth2/token"},
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Minute)), ID: rand.Text(),
	}, map[string]any{"kid": s.keyID}, s.key)
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answered struct {
		AccessToken string `json:"access_token"`
		Code        string `json:"code"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxTokenAnswer)).Decode(&answered); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK || answered.AccessToken == "" {
		return "", fmt.Errorf("status %d, code %q", response.StatusCode, answered.Code)
	}
	return answered.AccessToken, nil
}
