package rest

import (
	"context"
	"fmt"
	"net/http"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/crypto/sm"
)

const answerLimit = 1 << 20 // bytes

// Connector asks one interface. Safe for concurrent use.
type Connector struct {
	declared declared
	prove    prover
	envelope jsonrecords.Envelope
	layout   jsonrecords.Layout
	missing  int // a status that means "no record"; 0: none does
	signed   *signed
	client   *http.Client
}

// New makes a connector from the catalogue's settings; the package says which.
func New(given map[string]string, secrets func(name string) (string, error), client *http.Client, verifier *sm.Verifier) (*Connector, error) {
	c, err := build(given, secrets, client, verifier)
	if err != nil {
		return nil, fmt.Errorf("rest: %w", err)
	}
	return c, nil
}

func build(given map[string]string, secrets func(name string) (string, error), client *http.Client, verifier *sm.Verifier) (*Connector, error) {
	d, err := declare(given)
	if err != nil {
		return nil, err
	}
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	c := &Connector{declared: d, client: &stay}
	if c.missing, err = d.missing(); err != nil {
		return nil, err
	}
	if c.envelope, c.layout, err = d.shape(); err != nil {
		return nil, err
	}
	key, err := d.sourceKey()
	if err != nil {
		return nil, err
	}
	if key != nil {
		c.signed = &signed{d.answerSignature, key, verifier}
	}
	c.prove, err = provers[d.auth](d, secrets, &stay)
	return c, err
}

// Fetch asks the interface about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	req, err := c.request(ctx, q)
	if err != nil {
		return connectors.Answer{}, err
	}
	if err := c.prove(req); err != nil {
		return connectors.Answer{}, err
	}
	res, body, err := connectors.Ask(c.client, req, answerLimit)
	if err != nil {
		return connectors.Answer{}, err
	}
	missing := c.missing != 0 && res.StatusCode == c.missing
	if !missing {
		if err := connectors.ExpectJSON(res); err != nil {
			return connectors.Answer{}, err
		}
	}
	signature, err := c.signed.check(res.Header, body)
	if err != nil {
		return connectors.Answer{}, err
	}
	if missing {
		return connectors.Answer{BodyDigest: sm.Sum(body), Signature: signature}, nil
	}
	return c.read(body, signature, q)
}

func (c *Connector) read(body, signature []byte, q connectors.Query) (connectors.Answer, error) {
	whole, err := c.envelope.Open(body)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.layout.Read(whole, q.Subject)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer.BodyDigest, answer.Signature = sm.Sum(body), signature
	return answer, nil
}
