package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"kapok/connectors"
)

// sender puts the members of a question into a request.
type sender func(ctx context.Context, method, address string, members map[string]string) (*http.Request, error)

// senders are the values of the setting send.
var senders = map[string]sender{
	"json":   sendJSON,
	"form":   sendForm,
	"header": sendHeader,
	"query":  sendQuery,
}

func (c *Connector) request(ctx context.Context, q connectors.Query) (*http.Request, error) {
	d := c.declared
	members := maps.Clone(d.params)
	if d.serviceItemParam != "" {
		members[d.serviceItemParam] = q.ServiceItem
	}
	if d.caseParam != "" {
		members[d.caseParam] = q.CaseNo
	}
	members[d.subjectParam] = q.Subject.Number()
	req, err := senders[d.send](ctx, d.method, d.url, members)
	if err != nil {
		return nil, fmt.Errorf("%w: the request cannot be made", connectors.ErrUnavailable)
	}
	req.Header.Set("Accept", "application/json")
	if q.RequestID != "" {
		req.Header.Set("X-Request-Id", q.RequestID)
	}
	for name, value := range d.headers {
		req.Header.Set(name, value)
	}
	connectors.MarkAsRead(req)
	return req, nil
}

func sendJSON(ctx context.Context, method, address string, members map[string]string) (*http.Request, error) {
	body, err := json.Marshal(members)
	if err != nil {
		return nil, err
	}
	return withBody(ctx, method, address, "application/json", body)
}

func sendForm(ctx context.Context, method, address string, members map[string]string) (*http.Request, error) {
	return withBody(ctx, method, address, "application/x-www-form-urlencoded", []byte(values(members).Encode()))
}

func withBody(ctx context.Context, method, address, contentType string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", contentType)
	return req, nil
}

func sendHeader(ctx context.Context, method, address string, members map[string]string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	for name, value := range members {
		req.Header.Set(name, value)
	}
	return req, nil
}

func sendQuery(ctx context.Context, method, address string, members map[string]string) (*http.Request, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	query := parsed.Query()
	for name, value := range members {
		query.Set(name, value)
	}
	parsed.RawQuery = query.Encode()
	return http.NewRequestWithContext(ctx, method, parsed.String(), http.NoBody)
}

func values(members map[string]string) url.Values {
	form := url.Values{}
	for name, value := range members {
		form.Set(name, value)
	}
	return form
}
