package department

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/jose"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// Trust is what the department has pinned: the root certificates of its
// district's Kapok, obtained by a way of their own.
type Trust struct {
	roots    []*pki.Certificate
	verifier *sm.Verifier
}

// ReadTrust reads a bundle file as `kapok bundle` prints it.
func ReadTrust(file string) (Trust, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return Trust{}, err
	}
	var bundle struct {
		Kind    string   `json:"kind"`
		Version int      `json:"v"`
		Roots   [][]byte `json:"roots"`
	}
	if err := json.Unmarshal(raw, &bundle); err != nil || bundle.Kind != "kapok-bundle" || bundle.Version != 1 {
		return Trust{}, fmt.Errorf("%s is no trust bundle of version 1", file)
	}
	trust := Trust{verifier: sm.NewVerifier(sm.VerifierOptions{Both: true})}
	for _, der := range bundle.Roots {
		root, err := pki.Parse(der)
		if err != nil {
			return Trust{}, fmt.Errorf("a root of %s: %w", file, err)
		}
		trust.roots = append(trust.roots, root)
	}
	if len(trust.roots) == 0 {
		return Trust{}, fmt.Errorf("%s pins no root", file)
	}
	return trust, nil
}

// mustCover binds an answer to its status, its body and the request it answers.
func mustCover() []httpsig.Component {
	return []httpsig.Component{{Name: "@status"}, {Name: "content-digest"}, {Name: "signature", Req: true, Key: "sig1"}}
}

// check verifies Kapok's signature on the answer to a request. The signing key's
// certificate comes with the receipt and must lead to a pinned root.
func (t Trust) check(asked httpsig.Message, answer Answer) error {
	if err := httpsig.CheckContentDigest(answer.Header, answer.Body); err != nil {
		return fmt.Errorf("the answer's body: %w", err)
	}
	key, err := t.operationalKey(answer)
	if err != nil {
		return fmt.Errorf("the answer's key: %w", err)
	}
	message := httpsig.Message{Status: answer.Status, Header: answer.Header, Request: &asked}
	params, signature, err := httpsig.Parse(message, "kapok")
	if err != nil {
		return fmt.Errorf("the answer's signature: %w", err)
	}
	if !params.Covers(mustCover()...) || params.Tag != "kapok-response" {
		return errors.New("the answer's signature covers too little")
	}
	if params.KeyID != jose.NewJWK("", key).Thumbprint() {
		return errors.New("the answer is signed by another key than its receipt")
	}
	if err := httpsig.Verify(message, params, signature, key, t.verifier); err != nil {
		return fmt.Errorf("the answer's signature: %w", err)
	}
	return nil
}

// operationalKey is the key of an answer: its certificates stand in the receipt, or in
// the answer itself where nothing of the ledger is released.
func (t Trust) operationalKey(answer Answer) (*sm.PublicKey, error) {
	type carried struct {
		Chain [][]byte `json:"chain"`
	}
	var body struct {
		carried
		Receipt *carried `json:"receipt"`
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		return nil, errors.New("the answer carries no certificates")
	}
	if body.Receipt != nil {
		body.carried = *body.Receipt
	}
	return pki.VerifyOperational(t.verifier, "kapok", body.Chain, t.roots, time.Now())
}

// Receipt returns the receipt of a release, byte for byte.
func (a Answer) Receipt() (json.RawMessage, error) {
	var body struct {
		Receipt json.RawMessage `json:"receipt"`
	}
	if err := json.Unmarshal(a.Body, &body); err != nil || a.Status != http.StatusOK || len(body.Receipt) == 0 {
		return nil, errors.New("the answer carries no receipt")
	}
	return body.Receipt, nil
}
