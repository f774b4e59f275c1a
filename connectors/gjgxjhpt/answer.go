package gjgxjhpt

import (
	"fmt"
	"regexp"

	"kapok/connectors"
	"kapok/connectors/jsonrecords"
)

// errNotAuthorised is a refusal that a fresh secret may cure.
var errNotAuthorised = fmt.Errorf("%w: the platform does not accept the secret", connectors.ErrRefused)

// notAuthorised are the platform's own codes for it.
var notAuthorised = map[string]bool{"-1": true, "E-106": true}

// plainCode is what may be repeated of a code; a source may put anything there.
var plainCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)

// envelope reads {"code","data","message"} and returns it where code is "0". The
// message is dropped: sources put personal data into it.
func envelope(body []byte) (jsonrecords.Value, error) {
	whole, valid := jsonrecords.Parse(body)
	if !valid || !whole.IsObject() {
		return nil, fmt.Errorf("%w: the answer is not a JSON object in UTF-8", connectors.ErrGarbage)
	}
	member, present := whole.Member("code")
	if !present {
		return nil, fmt.Errorf("%w: the answer has not one code", connectors.ErrGarbage)
	}
	code, plain := member.Text()
	if !plain || code == "" {
		return nil, fmt.Errorf("%w: the answer's code is no text", connectors.ErrGarbage)
	}
	if code == "0" {
		return whole, nil
	}
	if notAuthorised[code] {
		return nil, fmt.Errorf("%w: code %s", errNotAuthorised, code)
	}
	if !plainCode.MatchString(code) {
		code = "(unreadable)"
	}
	return nil, fmt.Errorf("%w: code %s", connectors.ErrRefused, code)
}
