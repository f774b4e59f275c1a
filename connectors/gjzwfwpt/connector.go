package gjzwfwpt

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"kapok/connectors"
	"kapok/crypto/sm"
)

// Connector asks one query interface. Safe for concurrent use.
type Connector struct {
	inquiry inquiry
	line    line
}

// New makes a connector from the catalogue's settings; see parse for them.
func New(given map[string]string, secrets func(name string) (string, error), client *http.Client) (*Connector, error) {
	who, asked, err := parse(given, secrets)
	if err != nil {
		return nil, fmt.Errorf("gjzwfwpt: %w", err)
	}
	return &Connector{asked, newLine(who, client)}, nil
}

// Fetch asks the interface about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	whole, body, err := c.line.call(ctx, c.inquiry.url, c.inquiry.sid, q.RequestID, c.inquiry.question(q))
	if err != nil {
		return connectors.Answer{}, err
	}
	answer, err := c.inquiry.layout.Read(whole, q.Subject)
	if err != nil {
		return connectors.Answer{}, err
	}
	answer.BodyDigest = sm.Sum(body)
	return answer, nil
}

func (q inquiry) question(asked connectors.Query) map[string]string {
	members := maps.Clone(q.params)
	if q.serviceItemParam != "" {
		members[q.serviceItemParam] = asked.ServiceItem
	}
	if q.caseParam != "" {
		members[q.caseParam] = asked.CaseNo
	}
	members[q.subjectParam] = asked.Subject.Number()
	return members
}
