package rest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
)

const (
	tokenLimit  = 64 << 10         // bytes of the token endpoint's answer
	tokenMargin = 30 * time.Second // a token is renewed so long before its end
	usualLife   = 5 * time.Minute  // where the endpoint does not say
)

// tokens keeps the access token of one client (RFC 6749 §4.4).
type tokens struct {
	url, user, secret, scope string
	client                   *http.Client
	now                      func() time.Time

	mu    sync.Mutex
	token string
	end   time.Time
}

func newTokens(d declared, secrets func(string) (string, error), client *http.Client) (prover, error) {
	if err := settings.Address("token_url", d.tokenURL); err != nil {
		return nil, err
	}
	secret, err := settings.Secret("auth_secret", d.authSecret, secrets)
	if err != nil {
		return nil, err
	}
	kept := &tokens{url: d.tokenURL, user: d.authUser, secret: secret, scope: d.scope, client: client, now: time.Now}
	return kept.prove, nil
}

// prove waits for a token at most as long as the request may take. Callers that come
// while one asks wait for its answer.
func (t *tokens) prove(req *http.Request) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == "" || !t.now().Before(t.end) {
		if err := t.renew(req.Context()); err != nil {
			return err
		}
	}
	req.Header.Set("Authorization", "Bearer "+t.token)
	return nil
}

func (t *tokens) renew(ctx context.Context) error {
	form := url.Values{"grant_type": {"client_credentials"}}
	if t.scope != "" {
		form.Set("scope", t.scope)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("%w: the token's request cannot be made", connectors.ErrUnavailable)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(t.user), url.QueryEscape(t.secret))
	res, body, err := connectors.Ask(t.client, req, tokenLimit)
	if err != nil {
		return err
	}
	if err := connectors.ExpectJSON(res); err != nil {
		return err
	}
	return t.keep(body)
}

func (t *tokens) keep(body []byte) error {
	whole, valid := jsonrecords.Parse(body)
	if !valid {
		return fmt.Errorf("%w: the token's answer is not JSON", connectors.ErrGarbage)
	}
	token, sent := jsonrecords.Pointer{"access_token"}.Text(whole)
	if !sent || token == "" {
		return fmt.Errorf("%w: the token's answer holds no token", connectors.ErrGarbage)
	}
	life := usualLife
	if written, said := (jsonrecords.Pointer{"expires_in"}).Text(whole); said {
		if seconds, err := strconv.Atoi(written); err == nil && seconds > 0 {
			life = time.Duration(min(seconds, 86400)) * time.Second
		}
	}
	t.token, t.end = token, t.now().Add(life-min(tokenMargin, life/2))
	return nil
}
