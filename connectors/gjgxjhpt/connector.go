package gjgxjhpt

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kapok/connectors"
	"kapok/crypto/sm"
)

// answerLimit bounds an answer in bytes. One person's records take a few thousand.
const answerLimit = 1 << 20

// Connector asks one interface of the platform. Safe for concurrent use.
type Connector struct {
	settings Settings
	layout   layout
	client   *http.Client
	keys     *keyring
	now      func() time.Time
}

// New makes a connector. The client is shared with others and keeps its
// connections; redirects are not followed, whatever its policy.
func New(settings Settings, client *http.Client) (*Connector, error) {
	if err := settings.check(); err != nil {
		return nil, fmt.Errorf("gjgxjhpt: %w", err)
	}
	layout, err := settings.layout()
	if err != nil {
		return nil, fmt.Errorf("gjgxjhpt: %w", err)
	}
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	c := &Connector{settings: settings, layout: layout, client: &stay, now: time.Now}
	c.keys = newKeyring(c.exchangeKey, c.now)
	return c, nil
}

// Fetch asks the interface about the subject. When the platform no longer knows
// the secret, it is exchanged once more before the refusal is believed.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	question, err := c.question(q)
	if err != nil {
		return connectors.Answer{}, err
	}
	secret, err := c.keys.current(ctx)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.ask(ctx, secret, question, q)
	if !errors.Is(err, errNotAuthorised) {
		return answer, err
	}
	c.keys.distrust(secret)
	if secret, err = c.keys.current(ctx); err != nil {
		return connectors.Answer{}, err
	}
	return c.ask(ctx, secret, question, q)
}

// question is the body of a business call.
func (c *Connector) question(q connectors.Query) ([]byte, error) {
	if q.Subject.IsZero() {
		return nil, fmt.Errorf("%w: the question names no subject", connectors.ErrRefused)
	}
	members := make(map[string]string, len(c.settings.Params)+3)
	for name, value := range c.settings.Params {
		members[name] = value
	}
	if c.settings.ServiceItemParam != "" {
		members[c.settings.ServiceItemParam] = q.ServiceItem
	}
	if c.settings.CaseParam != "" {
		members[c.settings.CaseParam] = q.CaseNo
	}
	members[c.settings.SubjectParam] = q.Subject.Number()
	return json.Marshal(members)
}

func (c *Connector) ask(ctx context.Context, secret *secret, question []byte, q connectors.Query) (connectors.Answer, error) {
	rtime := stamp(c.now())
	header := http.Header{
		"gjgxjhpt_rid":   {c.settings.RID},
		"gjgxjhpt_sid":   {c.settings.SID},
		"gjgxjhpt_rtime": {rtime},
		"gjgxjhpt_sign":  {sign(secret.key, c.settings.SID, c.settings.RID, rtime)},
	}
	if q.RequestID != "" {
		header.Set("X-Request-Id", q.RequestID)
	}
	body, err := c.post(ctx, c.settings.URL, header, question)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.layout.read(body, q.Subject)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer.BodyDigest = sm.Sum(body)
	return answer, nil
}

// post sends JSON and returns the body of an answer that is JSON as well.
func (c *Connector) post(ctx context.Context, address string, header http.Header, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%w: the request cannot be made", connectors.ErrUnavailable)
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	// Present but empty, it is not sent: it tells the transport that this POST is
	// a read, which may go out again when a kept connection proves to be closed.
	req.Header["Idempotency-Key"] = nil
	res, answer, err := connectors.Ask(c.client, req, answerLimit)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return nil, fmt.Errorf("%w: status %d", errNotAuthorised, res.StatusCode)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d", connectors.ErrRefused, res.StatusCode)
	}
	if !connectors.IsJSON(res.Header.Get("Content-Type")) {
		return nil, fmt.Errorf("%w: the answer is not declared as JSON in UTF-8", connectors.ErrGarbage)
	}
	return answer, nil
}
