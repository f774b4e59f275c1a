package basis

import (
	"context"

	"kapok/crypto/sm"
)

// domain keeps a signature under a basis from being one under anything else.
const domain sm.Domain = "kapok/basis/v1"

// Signed is an artefact as it is stored and handed out.
type Signed struct {
	Document    []byte // canonical JSON
	Signature   []byte // SM2 over SM3 by the platform, r‖s, 64 bytes
	Certificate []byte // DER, of the key that signed
}

// Sign encodes the artefact and signs it with the platform's key, whose certificate
// goes with it.
func Sign(ctx context.Context, b Basis, signer sm.Signer, certificate []byte) (Signed, error) {
	document, err := b.Canonical()
	if err != nil {
		return Signed{}, err
	}
	signature, err := signer.Sign(ctx, domain.Message(document), sm.Raw)
	if err != nil {
		return Signed{}, err
	}
	return Signed{Document: document, Signature: signature, Certificate: certificate}, nil
}

// Verify checks the signature by the key of the certificate, which the caller has
// found good, and then reads the document strictly. The error is [sm.ErrInvalid],
// [sm.ErrUndecided], or that of [Parse]; caller is whose budget a second opinion
// is taken from.
func (s Signed) Verify(v *sm.Verifier, caller string, platform *sm.PublicKey) (Basis, error) {
	if err := v.Verify(caller, platform, domain.Message(s.Document), s.Signature, sm.Raw); err != nil {
		return Basis{}, err
	}
	return Parse(s.Document)
}
