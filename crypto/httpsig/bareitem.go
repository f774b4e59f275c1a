package httpsig

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// bareItem reads an item without its parameters (RFC 9651 §4.2.3.1).
func (s *scanner) bareItem() bool {
	if s.in == "" {
		return false
	}
	switch c := s.in[0]; {
	case c == '"':
		_, ok := s.text()
		return ok
	case c == ':':
		_, ok := s.bytes()
		return ok
	case c == '?':
		return s.boolean()
	case c == '-' || isDigit(c):
		return s.number()
	case c == '*' || isLower(c) || isUpper(c):
		s.out = append(s.out, s.take(isToken)...)
		return true
	}
	return false
}

// text reads a string, §4.2.5, and returns its value.
func (s *scanner) text() (string, bool) {
	if !s.next('"') {
		return "", false
	}
	escaped := false
	for i := 0; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '\\':
			escaped = true
			if i++; i == len(s.in) || s.in[i] != '"' && s.in[i] != '\\' {
				return "", false
			}
		case c == '"':
			value := s.in[:i]
			s.out = append(append(append(s.out, '"'), value...), '"')
			s.in = s.in[i+1:]
			if escaped {
				value = unescape.Replace(value)
			}
			return value, true
		case c < 0x20 || c > 0x7e:
			return "", false
		}
	}
	return "", false
}

var (
	unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
	escape   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
)

// appendText writes a string, §4.1.6; one that has no form as such fails.
func appendText(dst []byte, value string) ([]byte, bool) {
	for i := range len(value) {
		if value[i] < 0x20 || value[i] > 0x7e {
			return dst, false
		}
	}
	if strings.ContainsAny(value, `"\`) {
		value = escape.Replace(value)
	}
	return append(append(append(dst, '"'), value...), '"'), true
}

// bytes reads a byte sequence, §4.2.7, in its one canonical base64.
func (s *scanner) bytes() ([]byte, bool) {
	if !s.next(':') {
		return nil, false
	}
	encoded := s.take(isBase64)
	if !s.next(':') {
		return nil, false
	}
	value, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, false
	}
	s.out = append(append(append(s.out, ':'), encoded...), ':')
	return value, true
}

func appendBytes(dst, value []byte) []byte {
	dst = append(dst, ':')
	dst = base64.StdEncoding.AppendEncode(dst, value)
	return append(dst, ':')
}

func (s *scanner) boolean() bool {
	if !strings.HasPrefix(s.in, "?0") && !strings.HasPrefix(s.in, "?1") {
		return false
	}
	s.out = append(s.out, s.in[:2]...)
	s.in = s.in[2:]
	return true
}

// number reads an integer or a decimal, §4.2.4, if it is as §4.1.4 and §4.1.5
// would write it.
func (s *scanner) number() bool {
	start := s.in
	s.next('-')
	whole := s.take(isDigit)
	fraction, decimal := "", s.next('.')
	if decimal {
		fraction = s.take(isDigit)
	}
	if !canonicalNumber(whole, fraction, decimal) {
		return false
	}
	s.out = append(s.out, start[:len(start)-len(s.in)]...)
	return true
}

func canonicalNumber(whole, fraction string, decimal bool) bool {
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	if !decimal {
		return len(whole) <= 15
	}
	zeroEnded := len(fraction) > 1 && fraction[len(fraction)-1] == '0'
	return len(whole) <= 12 && len(fraction) >= 1 && len(fraction) <= 3 && !zeroEnded
}

// integer reads a whole number that is not negative, and returns it.
func (s *scanner) integer() (int64, bool) {
	start := s.in
	if start == "" || !isDigit(start[0]) || !s.number() {
		return 0, false
	}
	n, err := strconv.ParseInt(start[:len(start)-len(s.in)], 10, 64)
	return n, err == nil
}
