package peer

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"kapok/connectors"
	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/federation"
)

const (
	answerLimit = 4 << 20 // bytes
	path        = "/v1/peers/exchanges"
	label       = "sig1"
	tag         = "kapok-peer"
)

// Self is this Kapok as a member.
type Self struct {
	ID      string // on the federation's list
	Signing func() keys.Signing
	Members func() *federation.List // in force now; nil where there is none
	Now     func() time.Time
}

// Connector asks for one item of a member. Safe for concurrent use.
type Connector struct {
	declared declared
	self     Self
	client   *http.Client
	verifier *sm.Verifier
}

// New makes a connector from the catalogue's settings; see parse for them.
func New(given map[string]string, self Self, client *http.Client, verifier *sm.Verifier) (*Connector, error) {
	d, err := parse(given)
	if err != nil {
		return nil, fmt.Errorf("kapok: %w", err)
	}
	if self.ID == "" || self.Signing == nil || self.Members == nil {
		return nil, errors.New("kapok: this node is no member of a federation: its configuration names neither federation.member nor federation.keepers")
	}
	return &Connector{d, self, client, verifier}, nil
}

type question struct {
	Item        string            `json:"item"`
	Fields      []string          `json:"fields"`
	Operation   gateway.Operation `json:"operation"`
	Subject     subject           `json:"subject"`
	ServiceItem string            `json:"service_item"`
	CaseNo      string            `json:"case_no"`
	OfficerRef  string            `json:"officer_ref"`
	Purpose     string            `json:"purpose"`
	From        from              `json:"from"`
}

type subject struct {
	IDType   gateway.IdentityType `json:"id_type"`
	IDNumber string               `json:"id_number"`
}

type from struct {
	Department string `json:"department"`
	ExchangeID string `json:"exchange_id"`
	BasisKind  string `json:"basis_kind,omitempty"`
	Provision  string `json:"provision,omitempty"`
	Basis      string `json:"basis,omitempty"`
}

// Fetch asks the member about the subject.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.IsZero() {
		return connectors.Answer{}, connectors.ErrNobody
	}
	member, err := c.self.Members().Member(c.declared.member, c.self.Now())
	if err != nil {
		return connectors.Answer{}, fmt.Errorf("%w: %s", connectors.ErrRefused, gateway.AsError(err).Code)
	}
	asked, err := json.Marshal(c.question(q))
	if err != nil {
		return connectors.Answer{}, err
	}
	req, signed, err := c.sign(ctx, member.URL+path, asked)
	if err != nil {
		return connectors.Answer{}, err
	}
	res, body, err := connectors.Ask(c.client, req, answerLimit)
	if err != nil {
		return connectors.Answer{}, err
	}
	return c.read(member, signed, res, body)
}

func (c *Connector) question(q connectors.Query) question {
	asked := question{
		Item: c.declared.item, Fields: q.Fields, Operation: c.declared.operation, Subject: subject{q.Subject.Type, q.Subject.Number()},
		ServiceItem: q.ServiceItem, CaseNo: q.CaseNo, OfficerRef: q.Operator.Officer, Purpose: q.Purpose,
		From: from{q.Operator.Department, q.RequestID, q.Right.Kind, q.Right.Provision, q.Right.Digest},
	}
	if c.declared.matter != "" {
		asked.ServiceItem = c.declared.matter
	}
	if c.declared.purpose != "" {
		asked.Purpose = c.declared.purpose
	}
	if asked.OfficerRef == "" {
		asked.OfficerRef = q.Operator.System
	}
	return asked
}

// sign makes the request. It is not sent a second time: its nonce serves once.
func (c *Connector) sign(ctx context.Context, address string, body []byte) (*http.Request, httpsig.Message, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, httpsig.Message{}, fmt.Errorf("%w: the request cannot be made", connectors.ErrUnavailable)
	}
	signing := c.self.Signing()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Content-Digest", httpsig.ContentDigest(body))
	req.Header.Set(federation.MemberHeader, c.self.ID)
	req.Header.Set(federation.Certificates, federation.WriteChain(signing.Chain))
	message := httpsig.Message{Method: req.Method, TargetURI: address, Header: req.Header}
	err = httpsig.Sign(ctx, message, httpsig.Params{
		Label: label, Tag: tag, Created: c.self.Now(), Nonce: rand.Text(), KeyID: jose.NewJWK("", signing.Signer.Public()).Thumbprint(),
		Covered: []httpsig.Component{
			{Name: "@method"}, {Name: "@target-uri"}, {Name: "content-digest"}, {Name: "kapok-member"}, {Name: "kapok-certificates"},
		},
	}, signing.Signer)
	if err != nil {
		return nil, message, fmt.Errorf("%w: the question could not be signed", connectors.ErrUnavailable)
	}
	return req, message, nil
}
