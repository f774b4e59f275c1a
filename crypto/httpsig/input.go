package httpsig

import (
	"strconv"
	"strings"
	"time"
)

// Algorithm is the signature parameter "alg" that Kapok writes and accepts. It is
// not in IANA's registry, which has no SM algorithm.
const Algorithm = "sm2-sm3"

// parseInput reads one member of Signature-Input in canonical form into p, and
// returns its alg, "" when absent. The text is kept: the base repeats it.
func parseInput(value string, p *Params) (alg string, ok bool) {
	p.text = value
	s := scanner{in: value, out: make([]byte, 0, len(value))}
	if !s.next('(') {
		return "", false
	}
	for n := 0; !s.next(')'); n++ {
		if n > 0 && !s.next(' ') {
			return "", false
		}
		start := s.in
		component, ok := s.component()
		if !ok || contains(p.Covered, component) {
			return "", false
		}
		p.Covered = append(p.Covered, component)
		p.identifiers = append(p.identifiers, start[:len(start)-len(s.in)])
	}
	for s.next(';') {
		if !s.signatureParameter(p, &alg) {
			return "", false
		}
	}
	return alg, s.in == ""
}

// component reads a component identifier, RFC 9421 §2.
func (s *scanner) component() (c Component, ok bool) {
	c.Name, ok = s.text()
	if !ok || !validName(c.Name) {
		return c, false
	}
	for s.next(';') {
		if !s.componentParameter(&c) {
			return c, false
		}
	}
	return c, c.valid()
}

func (s *scanner) componentParameter(c *Component) (ok bool) {
	key, _ := s.key()
	switch key {
	case "req":
		c.Req = true
		return true
	case "bs":
		c.Bytes = true
		return true
	case "key":
		ok = s.next('=')
		if ok {
			c.Key, ok = s.text()
		}
		return ok && c.Key != ""
	case "name":
		ok = s.next('=')
		if ok {
			c.QueryParam, ok = s.text()
		}
		return ok && c.QueryParam != ""
	}
	return false // sf and tr are not built; others do not exist
}

func (s *scanner) signatureParameter(p *Params, alg *string) (ok bool) {
	key, _ := s.key()
	if !s.next('=') {
		return false
	}
	switch key {
	case "created":
		p.Created, ok = s.time()
	case "expires":
		p.Expires, ok = s.time()
	case "keyid":
		p.KeyID, ok = s.text()
	case "nonce":
		p.Nonce, ok = s.text()
	case "tag":
		p.Tag, ok = s.text()
	case "alg":
		*alg, ok = s.text()
	}
	return ok
}

func (s *scanner) time() (time.Time, bool) {
	seconds, ok := s.integer()
	return time.Unix(seconds, 0).UTC(), ok
}

// appendInput writes p as a member of Signature-Input, with the alg of Kapok.
func appendInput(dst []byte, p Params) ([]byte, error) {
	dst = append(dst, '(')
	for i, c := range p.Covered {
		if i > 0 {
			dst = append(dst, ' ')
		}
		var err error
		if dst, err = appendIdentifier(dst, p.Covered[:i], c); err != nil {
			return nil, err
		}
	}
	dst = append(dst, ')')
	dst = appendTime(dst, ";created=", p.Created)
	dst = appendTime(dst, ";expires=", p.Expires)
	dst, okNonce := appendOptional(dst, ";nonce=", p.Nonce)
	dst, okKey := appendOptional(dst, ";keyid=", p.KeyID)
	dst = append(dst, `;alg="`+Algorithm+`"`...)
	dst, okTag := appendOptional(dst, ";tag=", p.Tag)
	if !okNonce || !okKey || !okTag || len(p.Covered) > maxMembers {
		return nil, malformed()
	}
	return dst, nil
}

func appendTime(dst []byte, name string, at time.Time) []byte {
	if at.IsZero() {
		return dst
	}
	return strconv.AppendInt(append(dst, name...), at.Unix(), 10)
}

func appendOptional(dst []byte, name, value string) ([]byte, bool) {
	if value == "" {
		return dst, true
	}
	return appendText(append(dst, name...), value)
}

// appendIdentifier writes a component's name and parameters. None may be covered
// twice (RFC 9421 §2).
func appendIdentifier(dst []byte, before []Component, c Component) ([]byte, error) {
	if !validName(c.Name) || !c.valid() || contains(before, c) {
		return nil, missing(c.Name)
	}
	dst = append(append(append(dst, '"'), c.Name...), '"')
	if c.Bytes {
		dst = append(dst, ";bs"...)
	}
	if c.Req {
		dst = append(dst, ";req"...)
	}
	dst, okKey := appendOptional(dst, ";key=", c.Key)
	dst, okName := appendOptional(dst, ";name=", c.QueryParam)
	if !okKey || !okName {
		return nil, missing(c.Name)
	}
	return dst, nil
}

// maxName bounds a component's name, in bytes: refusals repeat it.
const maxName = 64

// validName reports whether name can name a component: a header field in lower
// case, or @ and lower case.
func validName(name string) bool {
	rest := strings.TrimPrefix(name, "@")
	if rest == "" || len(name) > maxName {
		return false
	}
	for i := range len(rest) {
		if c := rest[i]; isUpper(c) || c == ':' || c == '/' || !isToken(c) {
			return false
		}
	}
	return true
}

// valid reports whether c's parameters suit its name: key and bs for fields, not
// both (RFC 9421 §2.1); a name for @query-param and nothing else.
func (c Component) valid() bool {
	derived := strings.HasPrefix(c.Name, "@")
	if derived && (c.Key != "" || c.Bytes) {
		return false
	}
	return (c.Key == "" || !c.Bytes) && (c.Name == "@query-param") == (c.QueryParam != "")
}
