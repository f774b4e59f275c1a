package tif

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
	"kapok/connectors/settings"
	"kapok/crypto/sm"
)

const answerLimit = 1 << 20 // bytes

// Connector asks one service behind the gateway. Safe for concurrent use.
type Connector struct {
	url, paasID, serviceID, prefix string
	lowerCase                      bool
	token                          string
	subjectParam                   string
	params                         map[string]string
	envelope                       jsonrecords.Envelope
	layout                         jsonrecords.Layout
	client                         *http.Client
	now                            func() time.Time
}

// New makes a connector. Required settings: url, paas_id, token (the name of a secret),
// subject_param. Optional: subject_field (as subject_param), service_id, prefix
// (x-tif-, or x-rio- for trials), signature (upper or lower), code (/code), ok (0),
// records (/data), as_of, param.<name>.
func New(given map[string]string, secrets func(name string) (string, error), client *http.Client) (*Connector, error) {
	c := &Connector{prefix: Prefix, params: map[string]string{}, now: time.Now}
	if err := c.read(given, secrets); err != nil {
		return nil, fmt.Errorf("tif: %w", err)
	}
	stay := *client
	stay.CheckRedirect = connectors.StayHere
	c.client = &stay
	return c, nil
}

func (c *Connector) read(given map[string]string, secrets func(name string) (string, error)) (err error) {
	hexCase, code, ok, records, asOf := "upper", "/code", "0", "/data", ""
	var secretName, subjectField string
	known := map[string]*string{
		"url": &c.url, "paas_id": &c.paasID, "token": &secretName, "service_id": &c.serviceID, "prefix": &c.prefix,
		"signature": &hexCase, "subject_param": &c.subjectParam, "subject_field": &subjectField,
		"code": &code, "ok": &ok, "records": &records, "as_of": &asOf,
	}
	if err = settings.Read(given, known, map[string]map[string]string{"param.": c.params}); err != nil {
		return err
	}
	if subjectField == "" {
		subjectField = c.subjectParam
	}
	if err = settings.Address("url", c.url); err != nil {
		return err
	}
	if err = settings.Complete(settings.Required{Name: "paas_id", Value: c.paasID}, settings.Required{Name: "subject_param", Value: c.subjectParam}); err != nil {
		return err
	}
	if c.prefix != Prefix && c.prefix != TrialPrefix || hexCase != "upper" && hexCase != "lower" {
		return fmt.Errorf("setting prefix is x-tif- or x-rio-, and signature is upper or lower")
	}
	c.lowerCase = hexCase == "lower"
	if c.token, err = settings.Secret("token", secretName, secrets); err != nil {
		return err
	}
	if c.envelope, err = jsonrecords.ParseEnvelope(code, ok); err != nil {
		return err
	}
	c.layout, err = jsonrecords.ParseLayout(subjectField, records, asOf)
	return err
}

// Fetch asks the service about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	members := maps.Clone(c.params)
	members[c.subjectParam] = q.Subject.Number()
	question, err := json.Marshal(members)
	if err != nil {
		return connectors.Answer{}, err
	}
	res, body, err := connectors.PostJSON(ctx, c.client, c.url, c.header(q.RequestID), question, answerLimit)
	if err != nil {
		return connectors.Answer{}, err
	}
	if err := connectors.ExpectJSON(res); err != nil {
		return connectors.Answer{}, err
	}
	whole, err := c.envelope.Open(body)
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

func (c *Connector) header(requestID string) http.Header {
	ts, nonce := strconv.FormatInt(c.now().Unix(), 10), rand.Text()
	signature := sign(ts, c.token, nonce)
	if c.lowerCase {
		signature = strings.ToLower(signature)
	}
	header := http.Header{}
	header.Set(c.prefix+"paasid", c.paasID)
	header.Set(c.prefix+"timestamp", ts)
	header.Set(c.prefix+"nonce", nonce)
	header.Set(c.prefix+"signature", signature)
	if c.serviceID != "" {
		header.Set(c.prefix+"serviceId", c.serviceID)
	}
	if requestID != "" {
		header.Set("X-Request-Id", requestID)
	}
	return header
}
