package httpsig

import (
	"errors"

	"kapok/crypto/sm"
)

// Parse reads the signature under label from m.Header, verifying nothing. An alg
// other than [Algorithm] is refused; it may be absent, as the key decides. The
// error is a *gateway.Error: signature-missing, signature-malformed or
// signature-algorithm.
func Parse(m Message, label string) (p Params, sig []byte, err error) {
	lines := m.Header[inputField]
	if len(lines) == 0 || len(m.Header[signatureField]) == 0 {
		return Params{}, nil, noSignature()
	}
	input, foundInput, okInput := find(lines, label)
	encoded, foundSignature, okSignature := find(m.Header[signatureField], label)
	if !okInput || !okSignature {
		return Params{}, nil, malformed()
	}
	if !foundInput || !foundSignature {
		return Params{}, nil, noSignature()
	}
	p.Label = label
	alg, ok := parseInput(input, &p)
	if !ok {
		return Params{}, nil, malformed()
	}
	if alg != "" && alg != Algorithm {
		return Params{}, nil, wrongAlgorithm()
	}
	s := scanner{in: encoded}
	if sig, ok = s.bytes(); !ok || s.in != "" {
		return Params{}, nil, malformed()
	}
	return p, sig, nil
}

// Verify tells whether sig is pub's signature of m under p, both as [Parse]
// returned them. p.KeyID names whose budget pays for a second opinion. The error
// is a *gateway.Error: signature-component, signature-invalid or
// signature-undecided; the last two have sm's error in their chain.
func Verify(m Message, p Params, sig []byte, pub *sm.PublicKey, v *sm.Verifier) error {
	base, _, err := buildBase(m, p)
	if err != nil {
		return err
	}
	err = v.Verify(p.KeyID, pub, base, sig, sm.Raw)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sm.ErrInvalid):
		return invalid(err)
	}
	return undecided(err)
}
