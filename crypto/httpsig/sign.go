package httpsig

import (
	"context"
	"strings"

	"kapok/crypto/sm"
)

const (
	inputField     = "Signature-Input"
	signatureField = "Signature"
)

// Sign signs m under p and adds the signature to m.Header, beside any others. A
// label that is taken is refused.
func Sign(ctx context.Context, m Message, p Params, s sm.Signer) error {
	if label := (&scanner{in: p.Label}); !label.isKey() || taken(m, p.Label) {
		return malformed()
	}
	p.text, p.identifiers = "", nil // what was parsed is another's
	base, input, err := buildBase(m, p)
	if err != nil {
		return err
	}
	sig, err := s.Sign(ctx, base, sm.Raw)
	if err != nil {
		return err
	}
	m.Header.Add(inputField, p.Label+"="+string(input))
	m.Header.Add(signatureField, p.Label+"="+string(appendBytes(nil, sig)))
	return nil
}

// isKey reports whether the scanner's text is a dictionary key and no more.
func (s *scanner) isKey() bool {
	_, ok := s.key()
	return ok && s.in == ""
}

// taken reports whether a signature under label is there, or might be.
func taken(m Message, label string) bool {
	for _, field := range [...]string{inputField, signatureField} {
		lines := m.Header[field]
		if len(lines) == 0 {
			continue
		}
		if _, found, ok := find(lines, label); found || !ok {
			return true
		}
	}
	return false
}

// find returns the canonical value of the field's member under label.
func find(lines []string, label string) (value string, found, ok bool) {
	field := strings.Join(lines, ", ")
	ok = dictionary(field, func(key, member string) bool {
		if key == label {
			value, found = member, true
		}
		return true
	})
	return value, found, ok
}
