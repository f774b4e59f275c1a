package jsonrecords

import (
	"fmt"
	"regexp"

	"kapok/connectors"
)

// Envelope is how an answer says that it is one: a plain value at a place.
type Envelope struct {
	code Pointer // nil: the status alone tells
	ok   string
}

// ParseEnvelope reads an envelope from settings; an empty code is none.
func ParseEnvelope(code, ok string) (e Envelope, err error) {
	if code == "" {
		return Envelope{}, nil
	}
	if e.code, err = ParsePointer(code); err != nil {
		return Envelope{}, fmt.Errorf("setting code: %w", err)
	}
	e.ok = ok
	return e, nil
}

// plainCode is what may be repeated of a code; a source may put anything there.
var plainCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)

// Open parses a body and returns it where its code says that all is well. Messages
// are dropped: sources put personal data into them.
func (e Envelope) Open(body []byte) (Value, error) {
	whole, valid := Parse(body)
	if !valid || !whole.IsObject() && e.code != nil {
		return nil, fmt.Errorf("%w: the answer is not a JSON object in UTF-8", connectors.ErrGarbage)
	}
	if e.code == nil {
		return whole, nil
	}
	code, plain := e.code.Text(whole)
	if !plain || code == "" {
		return nil, fmt.Errorf("%w: the answer has not one code", connectors.ErrGarbage)
	}
	if code == e.ok {
		return whole, nil
	}
	if !plainCode.MatchString(code) {
		code = "(unreadable)"
	}
	return nil, fmt.Errorf("%w: code %s", connectors.ErrRefused, code)
}
