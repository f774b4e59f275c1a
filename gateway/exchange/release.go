package exchange

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/policies"
)

const (
	responseLabel = "kapok"
	responseTag   = "kapok-response"
)

// response is the body of a release.
type response struct {
	ExchangeID string           `json:"exchange_id"`
	Retry      bool             `json:"retry"`
	RetryOf    string           `json:"retry_of,omitempty"`
	Data       json.RawMessage  `json:"data"`
	DataSalt   string           `json:"data_salt"` // opens the receipt's commitment to data
	Source     responseSource   `json:"source"`
	Decision   responseDecision `json:"decision"`
	Watermark  *watermark       `json:"watermark,omitempty"`
	Door       string           `json:"door,omitempty"` // what admitted a caller who signed nothing
	// and last the member "receipt"
}

type responseSource struct {
	Provider   string `json:"provider"`
	AsOf       string `json:"as_of"`             // RFC 3339; empty where the source does not say
	Cached     bool   `json:"cached,omitempty"`  // kept from an earlier question; as_of says of when it is
	HeldFields int    `json:"held_fields"`       // how many fields the source's record held
	Lineage    string `json:"lineage,omitempty"` // where the record was delivered; only of returned data
}

type responseDecision struct {
	Effect      string            `json:"effect"`
	PolicySet   string            `json:"policy_set"`
	Reasons     []policies.Reason `json:"reasons"`
	Obligations []string          `json:"obligations"`
}

// sign makes the response and binds it to the request that it answers.
func (s *Service) sign(ctx context.Context, u *use) (Release, error) {
	body, err := u.body(s.mark(u))
	if err != nil {
		s.closeLater(u, gateway.AsError(err).Code)
		return Release{}, err
	}
	header, answer, err := s.signAnswer(ctx, u, body, s.sealer(u))
	if err != nil {
		s.closeLater(u, "signing-failed")
		return Release{}, err
	}
	s.releases.Keep(u.ref, u.resolved.SubjectRef, func() ([]byte, error) { return releaseMessage(answer) })
	return Release{Status: http.StatusOK, Header: header, Body: body, System: u.caller.System, handed: func(err error) { s.handed(u, err) }}, nil
}

// signAnswer signs a body as the answer to the use's request.
func (s *Service) signAnswer(ctx context.Context, u *use, body []byte, signing keys.Signing) (http.Header, httpsig.Message, error) {
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Content-Digest", httpsig.ContentDigest(body))
	header.Set("Cache-Control", "no-store")
	answer := httpsig.Message{
		Status: http.StatusOK, Header: header,
		Request: &httpsig.Message{Method: u.call.Method, TargetURI: u.call.TargetURI, Header: u.call.Header},
	}
	params := httpsig.Params{
		Label: responseLabel, Tag: responseTag, Created: s.now(),
		KeyID:   s.keyID(signing),
		Covered: []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}},
	}
	if u.caller.Door == "" || u.caller.Door == peerDoor { // at the others the request is not signed
		params.Covered = append(params.Covered, httpsig.Component{Name: "signature", Req: true, Key: requestLabel})
	}
	if err := httpsig.Sign(ctx, answer, params, signing.Signer); err != nil {
		return nil, answer, gateway.Fail(gateway.Unavailable, "signing-failed", "The response could not be signed.").Because(err)
	}
	return header, answer, nil
}

// thumbprint is a key's, kept while that key signs.
type thumbprint struct{ certificate, id string }

// keyID is the thumbprint of the operational key, computed once for each key.
func (s *Service) keyID(signing keys.Signing) string {
	if known := s.signer.Load(); known != nil && known.certificate == string(signing.Certificate) {
		return known.id
	}
	id := jose.NewJWK("", signing.Signer.Public()).Thumbprint()
	s.signer.Store(&thumbprint{string(signing.Certificate), id})
	return id
}

// sealer is the key that sealed the outcome: its certificate comes with the receipt, so
// the answer verifies also when the key was replaced in between. The one in force
// before the sealing or the one in force now is it.
func (s *Service) sealer(u *use) keys.Signing {
	if bytes.Equal(u.signing.Certificate, u.outcome.Certificate()) {
		return u.signing
	}
	return s.signing()
}

// body writes the response. The receipt is put in as it is: it is canonical, and going
// through an encoder again costs as much as all the rest.
func (u *use) body(mark *watermark) ([]byte, error) {
	receipt, err := u.outcome.Receipt(forCaller)
	if err != nil {
		return nil, err
	}
	head, err := encode(response{
		ExchangeID: u.ref, Retry: u.retryOf != "", RetryOf: u.retryOf,
		Data: u.data, DataSalt: u.salt,
		Source:    responseSource{Provider: u.item.Provider, AsOf: u.asOf(), Cached: u.answer.Cached, HeldFields: len(u.answer.Records[0]), Lineage: u.answer.Origin},
		Decision:  responseDecision{Effect: "allow", PolicySet: u.decision.PolicySet, Reasons: u.decision.Reasons, Obligations: u.decision.Obligations},
		Watermark: mark, Door: u.caller.Door,
	})
	if err != nil {
		return nil, err
	}
	return slices.Concat(head[:len(head)-1], []byte(`,"receipt":`), receipt, []byte("}")), nil
}

// forCaller discloses to the calling system all that it knows itself; the link to
// the person's other entries stays with the person.
func forCaller(field string) bool { return field != ledger.SubjectField }
