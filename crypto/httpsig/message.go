package httpsig

import (
	"net/http"
	"time"
)

// Message is a request, or a response when Status is not 0. Header has canonical
// keys, as net/http makes them.
type Message struct {
	Method    string
	TargetURI string // absolute, as the client meant it: https://host/path?query
	Status    int
	Header    http.Header
	Request   *Message // for a response: the request it answers
}

// Component names a part of a message (RFC 9421 §2). Derived components begin
// with @; others are names of header fields in lower case.
type Component struct {
	Name       string
	Req        bool   // of the request that a response answers, §2.4
	Key        string // this member of a dictionary field only, §2.1.2
	Bytes      bool   // each line of the field as bytes ("bs"), §2.1.3
	QueryParam string // the name, encoded, for "@query-param", §2.2.8
}

// Params is what Signature-Input says of one signature (RFC 9421 §2.3). Times
// have whole seconds; zero values are absent.
type Params struct {
	Label            string // the member's key in both fields
	KeyID            string
	Nonce            string
	Tag              string
	Created, Expires time.Time
	Covered          []Component

	// Set by Parse: the text of the parameters and of each covered component, in
	// the signer's order, which the base must repeat.
	text        string
	identifiers []string
}

// Covers reports whether all of components are covered.
func (p Params) Covers(components ...Component) bool {
	for _, wanted := range components {
		if !contains(p.Covered, wanted) {
			return false
		}
	}
	return true
}

func contains(covered []Component, wanted Component) bool {
	for i := range covered {
		if covered[i] == wanted {
			return true
		}
	}
	return false
}
