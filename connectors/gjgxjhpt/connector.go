package gjgxjhpt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/sm"
)

// answerLimit bounds an answer in bytes. One person's records take a few thousand.
const answerLimit = 1 << 20

// Connector asks one interface of the platform. Safe for concurrent use.
type Connector struct {
	settings Settings
	layout   jsonrecords.Layout
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
	whole, err := envelope(body)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.layout.Read(whole, q.Subject)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer.BodyDigest = sm.Sum(body)
	return answer, nil
}

// post sends JSON and returns the body of an answer that is JSON as well.
func (c *Connector) post(ctx context.Context, address string, header http.Header, body []byte) ([]byte, error) {
	res, answer, err := connectors.PostJSON(ctx, c.client, address, header, body, answerLimit)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return nil, fmt.Errorf("%w: status %d", errNotAuthorised, res.StatusCode)
	}
	return answer, connectors.ExpectJSON(res)
}
