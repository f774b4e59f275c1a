package httpsig

import (
	"net/url"
	"strconv"
	"strings"
)

// derived are the components that come from the message's control data (RFC 9421
// §2.2). @status is a response's; all others are a request's.
var derived = map[string]func(dst []byte, m Message, c Component) ([]byte, bool){
	"@status":         appendStatus,
	"@method":         ofRequest(appendMethod),
	"@target-uri":     ofRequest(appendTargetURI),
	"@authority":      ofTarget(appendAuthority),
	"@scheme":         ofTarget(appendScheme),
	"@request-target": ofTarget(appendRequestTarget),
	"@path":           ofTarget(appendPath),
	"@query":          ofTarget(appendQuery),
	"@query-param":    ofTarget(appendQueryParam),
}

func appendStatus(dst []byte, m Message, _ Component) ([]byte, bool) {
	if m.Status < 100 || m.Status > 999 {
		return nil, false
	}
	return strconv.AppendInt(dst, int64(m.Status), 10), true
}

type derivation = func(dst []byte, m Message, c Component) ([]byte, bool)

// ofRequest refuses the component for a response, where it needs "req" (§2.4).
func ofRequest(derive derivation) derivation {
	return func(dst []byte, m Message, c Component) ([]byte, bool) {
		if m.Status != 0 {
			return nil, false
		}
		return derive(dst, m, c)
	}
}

func appendMethod(dst []byte, m Message, _ Component) ([]byte, bool) {
	return append(dst, m.Method...), m.Method != ""
}

func appendTargetURI(dst []byte, m Message, _ Component) ([]byte, bool) {
	_, ok := split(m.TargetURI)
	return append(dst, m.TargetURI...), ok
}

// target is the parts of an absolute URI, as they stand.
type target struct {
	scheme, authority, path, query string
	hasQuery                       bool
}

// split cuts an http or https URI into its parts. Credentials and fragments have
// no place in a request's target (RFC 9110 §4.2.4, §7.1).
func split(uri string) (t target, ok bool) {
	for i := range len(uri) {
		if c := uri[i]; c <= 0x20 || c >= 0x7f || c == '#' {
			return t, false
		}
	}
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok {
		return t, false
	}
	t.scheme = strings.ToLower(scheme)
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	t.authority = strings.ToLower(rest[:end])
	t.path, t.query, t.hasQuery = strings.Cut(rest[end:], "?")
	if t.path == "" {
		t.path = "/"
	}
	known := t.scheme == "http" || t.scheme == "https"
	return t, known && t.authority != "" && !strings.Contains(t.authority, "@")
}

func ofTarget(derive func(dst []byte, t target, c Component) ([]byte, bool)) derivation {
	return ofRequest(func(dst []byte, m Message, c Component) ([]byte, bool) {
		t, ok := split(m.TargetURI)
		if !ok {
			return nil, false
		}
		return derive(dst, t, c)
	})
}

// appendAuthority leaves out the scheme's default port, §2.2.3.
func appendAuthority(dst []byte, t target, _ Component) ([]byte, bool) {
	port := ":443"
	if t.scheme == "http" {
		port = ":80"
	}
	return append(dst, strings.TrimSuffix(t.authority, port)...), true
}

func appendScheme(dst []byte, t target, _ Component) ([]byte, bool) {
	return append(dst, t.scheme...), true
}

// appendRequestTarget writes the origin form, which is what Kapok's clients send
// (§2.2.5; RFC 9112 §3.2.1).
func appendRequestTarget(dst []byte, t target, c Component) ([]byte, bool) {
	dst = append(dst, t.path...)
	if !t.hasQuery {
		return dst, true
	}
	return appendQuery(dst, t, c)
}

func appendPath(dst []byte, t target, _ Component) ([]byte, bool) {
	return append(dst, t.path...), true
}

// appendQuery writes the query with its question mark, which stands alone when
// there is no query (§2.2.7).
func appendQuery(dst []byte, t target, _ Component) ([]byte, bool) {
	return append(append(dst, '?'), t.query...), true
}

// appendQueryParam writes the one value of the parameter, decoded and encoded
// again (§2.2.8). A parameter that occurs twice cannot be covered.
func appendQueryParam(dst []byte, t target, c Component) ([]byte, bool) {
	found := 0
	var value string
	for pair := range strings.SplitSeq(t.query, "&") {
		name, rest, _ := strings.Cut(pair, "=")
		name, errName := url.QueryUnescape(name)
		decoded, errValue := url.QueryUnescape(rest)
		if errName != nil || errValue != nil {
			return nil, false
		}
		if pair != "" && encode(name) == c.QueryParam {
			found, value = found+1, decoded
		}
	}
	return append(dst, encode(value)...), found == 1
}

// encode percent-encodes all but letters, digits and *-._ (the URL standard's
// application/x-www-form-urlencoded set, with %20 for a space).
func encode(s string) string { return formEncoding.Replace(url.QueryEscape(s)) }

var formEncoding = strings.NewReplacer("+", "%20", "~", "%7E", "%2A", "*")
