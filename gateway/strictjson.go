package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// DecodeStrictly reads a body that is one JSON object of known members and nothing after
// it. The text of encoding/json's errors can quote the body, so that none is passed on.
func DecodeStrictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	return Fail(Invalid, "json-malformed",
		"The body is not the JSON object that the API describes: broken syntax, another type, or a member it does not know.")
}

// InvalidField says which rule a field breaks; the rule is a sentence without its stop.
func InvalidField(field, rule string) error {
	failure := Fail(Invalid, "field-invalid", rule+".")
	failure.Field = field
	return failure
}
