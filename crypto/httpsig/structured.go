package httpsig

import (
	"slices"
	"strings"
)

const (
	maxField   = 8 << 10 // bytes of one dictionary field, its lines joined
	maxMembers = 16      // of a dictionary, an inner list, or parameters
)

// scanner reads structured fields (RFC 9651), as much of them as signatures
// need, and writes what it read in canonical form to out. What is wrong,
// ambiguous or of a type not known here fails.
type scanner struct {
	in  string
	out []byte
}

// dictionary calls member for each member with its key and its value in
// canonical form. It fails on a key met twice, where RFC 9651 §4.2.2 would
// silently take the last, and when member says so.
func dictionary(field string, member func(key, value string) bool) bool {
	if len(field) > maxField {
		return false
	}
	s := scanner{in: strings.Trim(field, " ")}
	var seen [maxMembers]string
	for n := range seen {
		key, ok := s.key()
		if !ok || slices.Contains(seen[:n], key) {
			return false
		}
		seen[n] = key
		s.out = s.out[:0]
		if !s.member() || !member(key, string(s.out)) {
			return false
		}
		s.skip(" \t")
		if s.in == "" {
			return true
		}
		if !s.next(',') {
			return false
		}
		s.skip(" \t")
	}
	return false
}

// member reads what follows a dictionary's key. A member without a value is true.
func (s *scanner) member() bool {
	if !s.next('=') {
		s.out = append(s.out, "?1"...)
		return s.parameters()
	}
	if strings.HasPrefix(s.in, "(") {
		return s.innerList() && s.parameters()
	}
	return s.bareItem() && s.parameters()
}

func (s *scanner) innerList() bool {
	if !s.next('(') {
		return false
	}
	s.out = append(s.out, '(')
	s.skip(" ")
	for n := 0; !s.next(')'); n++ {
		if n == maxMembers {
			return false
		}
		if n > 0 {
			s.out = append(s.out, ' ')
		}
		if !s.bareItem() || !s.parameters() {
			return false
		}
		if spaces := s.skip(" "); spaces == 0 && !strings.HasPrefix(s.in, ")") {
			return false
		}
	}
	s.out = append(s.out, ')')
	return true
}

// parameters reads ;key=value pairs. A key met twice fails, where RFC 9651
// §4.2.3.2 would take the last.
func (s *scanner) parameters() bool {
	var seen [maxMembers]string
	for n := 0; s.next(';'); n++ {
		s.out = append(s.out, ';')
		s.skip(" ")
		key, ok := s.key()
		if !ok || n == maxMembers || slices.Contains(seen[:n], key) {
			return false
		}
		seen[n] = key
		s.out = append(s.out, key...)
		if !s.next('=') {
			continue
		}
		written := len(s.out)
		s.out = append(s.out, '=')
		if !s.bareItem() {
			return false
		}
		if string(s.out[written:]) == "=?1" {
			s.out = s.out[:written]
		}
	}
	return true
}

// next consumes c if it comes next.
func (s *scanner) next(c byte) bool {
	if s.in == "" || s.in[0] != c {
		return false
	}
	s.in = s.in[1:]
	return true
}

// skip consumes all leading bytes of set and tells how many there were.
func (s *scanner) skip(set string) int {
	before := len(s.in)
	s.in = strings.TrimLeft(s.in, set)
	return before - len(s.in)
}

// take consumes the longest prefix of bytes that belong.
func (s *scanner) take(belongs func(byte) bool) string {
	end := 0
	for end < len(s.in) && belongs(s.in[end]) {
		end++
	}
	taken := s.in[:end]
	s.in = s.in[end:]
	return taken
}

func (s *scanner) key() (string, bool) {
	if s.in == "" || !isLower(s.in[0]) && s.in[0] != '*' {
		return "", false
	}
	return s.take(isKey), true
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }
func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isKey(c byte) bool {
	return isLower(c) || isDigit(c) || c == '_' || c == '-' || c == '.' || c == '*'
}
func isToken(c byte) bool {
	return isLower(c) || isUpper(c) || isDigit(c) || strings.IndexByte(":/!#$%&'*+-.^_`|~", c) >= 0
}
func isBase64(c byte) bool {
	return isLower(c) || isUpper(c) || isDigit(c) || c == '+' || c == '/' || c == '='
}
