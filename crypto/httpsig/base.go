package httpsig

import (
	"net/textproto"
	"slices"
	"strings"
)

// Base returns the signature base of m under p: the bytes that are signed (RFC
// 9421 §2.5). A component that m has not, or that cannot be covered, is a
// *gateway.Error, signature-component, whose Field is its name.
func Base(m Message, p Params) (string, error) {
	base, _, err := buildBase(m, p)
	return string(base), err
}

// baseSize is room for the base of a usual request.
const baseSize = 1 << 10

// buildBase returns the base and, a part of it, the member of Signature-Input.
func buildBase(m Message, p Params) (base, input []byte, err error) {
	parsed := p.text != ""
	if parsed && len(p.identifiers) != len(p.Covered) {
		return nil, nil, malformed() // changed since it was parsed
	}
	base = make([]byte, 0, baseSize)
	for i, c := range p.Covered {
		if parsed {
			base = append(base, p.identifiers[i]...)
		} else if base, err = appendIdentifier(base, p.Covered[:i], c); err != nil {
			return nil, nil, err
		}
		base = append(base, ": "...)
		if base, err = appendComponent(base, m, c); err != nil {
			return nil, nil, err
		}
		base = append(base, '\n')
	}
	base = append(base, `"@signature-params": `...)
	start := len(base)
	if parsed {
		base = append(base, p.text...)
	} else if base, err = appendInput(base, p); err != nil {
		return nil, nil, err
	}
	return base, base[start:], nil
}

// appendComponent writes the value of c in m. It has no line end, which would let
// a value forge the next line, and nothing beyond ASCII (§2.5 step 5).
func appendComponent(dst []byte, m Message, c Component) ([]byte, error) {
	if c.Req {
		if m.Status == 0 || m.Request == nil || m.Request.Status != 0 {
			return nil, missing(c.Name)
		}
		m = *m.Request
	}
	start := len(dst)
	dst, ok := appendValue(dst, m, c)
	if !ok || slices.ContainsFunc(dst[start:], unprintable) {
		return nil, missing(c.Name)
	}
	return dst, nil
}

func unprintable(c byte) bool { return c < 0x20 && c != '\t' || c >= 0x7f }

func appendValue(dst []byte, m Message, c Component) ([]byte, bool) {
	if derive, known := derived[c.Name]; known {
		return derive(dst, m, c)
	}
	if strings.HasPrefix(c.Name, "@") {
		return nil, false
	}
	lines := m.Header[textproto.CanonicalMIMEHeaderKey(c.Name)]
	switch {
	case len(lines) == 0:
		return nil, false
	case c.Key != "":
		return appendMember(dst, lines, c.Key)
	case c.Bytes:
		return appendLines(dst, lines, appendLineBytes), true
	}
	return appendLines(dst, lines, appendLine), true
}

// appendLines writes a field's lines, joined as RFC 9421 §2.1 has it.
func appendLines(dst []byte, lines []string, line func(dst []byte, line string) []byte) []byte {
	for i, l := range lines {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = line(dst, strings.Trim(l, " \t"))
	}
	return dst
}

func appendLine(dst []byte, line string) []byte { return append(dst, line...) }

func appendLineBytes(dst []byte, line string) []byte { return appendBytes(dst, []byte(line)) }

// appendMember writes one member of a dictionary field, §2.1.2.
func appendMember(dst []byte, lines []string, wanted string) ([]byte, bool) {
	found := false
	ok := dictionary(strings.Join(lines, ", "), func(key, value string) bool {
		if key == wanted {
			found = true
			dst = append(dst, value...)
		}
		return true
	})
	return dst, ok && found
}
