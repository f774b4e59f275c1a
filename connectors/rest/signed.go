package rest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"kapok/connectors"
	"kapok/crypto/sm"
)

// signed is a source that signs the bodies of its answers.
type signed struct {
	header   string
	key      *sm.PublicKey
	verifier *sm.Verifier
}

const rawSignature = 64 // bytes of r‖s

// check returns the signature when it is the source's over the body: SM3withSM2 with
// the default user id, r‖s or DER, in base64. A source that does not sign has none.
// What cannot be decided is not called wrong: it is [connectors.ErrUnavailable].
func (s *signed) check(header http.Header, body []byte) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	given := header.Values(s.header)
	if len(given) != 1 {
		return nil, fmt.Errorf("%w: the answer has not one signature", connectors.ErrGarbage)
	}
	signature, err := base64.StdEncoding.DecodeString(given[0])
	if err != nil {
		return nil, fmt.Errorf("%w: the answer's signature is not base64", connectors.ErrGarbage)
	}
	encoding := sm.DER
	if len(signature) == rawSignature {
		encoding = sm.Raw
	}
	err = s.verifier.Verify("source", s.key, body, signature, encoding)
	if errors.Is(err, sm.ErrUndecided) {
		return nil, fmt.Errorf("%w: the answer's signature could not be decided", connectors.ErrUnavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the answer's signature is not valid", connectors.ErrGarbage)
	}
	return signature, nil
}
