package gjgxjhpt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"kapok/connectors"
	"kapok/gateway"
)

// errNotAuthorised is a refusal that a fresh secret may cure.
var errNotAuthorised = fmt.Errorf("%w: the platform does not accept the secret", connectors.ErrRefused)

// refusals that mean "not authorised", by the platform's own codes.
var notAuthorised = map[text]bool{"-1": true, "E-106": true}

// plainCode is what may be repeated of a code; a source may put anything there.
var plainCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)

// envelope reads {"code","data","message"} and returns the members where code is
// "0". The message is dropped: sources put personal data into it.
func envelope(body []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &members) != nil || members == nil {
		return nil, fmt.Errorf("%w: the answer is not a JSON object in UTF-8", connectors.ErrGarbage)
	}
	var code text
	if json.Unmarshal(members["code"], &code) != nil || code == "" {
		return nil, fmt.Errorf("%w: the answer has no code", connectors.ErrGarbage)
	}
	if code == "0" {
		return members, nil
	}
	if notAuthorised[code] {
		return nil, fmt.Errorf("%w: code %s", errNotAuthorised, code)
	}
	if !plainCode.MatchString(string(code)) {
		code = "(unreadable)"
	}
	return nil, fmt.Errorf("%w: code %s", connectors.ErrRefused, code)
}

// read reads a business answer about the subject. Where the records should
// stand and nothing does, the answer is garbage, never "no record".
func (l layout) read(body []byte, subject gateway.Identity) (connectors.Answer, error) {
	members, err := envelope(body)
	if err != nil {
		return connectors.Answer{}, err
	}
	found, present := l.records.follow(members)
	if !present {
		return connectors.Answer{}, fmt.Errorf("%w: the answer has no records member", connectors.ErrGarbage)
	}
	records, err := readRecords(found)
	if err != nil {
		return connectors.Answer{}, err
	}
	for _, record := range records {
		if !strings.EqualFold(record[l.subject], subject.Number()) {
			return connectors.Answer{}, fmt.Errorf("%w: a record is not about the subject", connectors.ErrGarbage)
		}
	}
	asOf, err := l.readAsOf(members)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Records: records, AsOf: asOf}, nil
}

// readRecords takes an array of objects, one object, or null for none.
func readRecords(data json.RawMessage) ([]connectors.Record, error) {
	if bytes.Equal(data, []byte("null")) {
		return nil, nil
	}
	if bytes.HasPrefix(data, []byte("{")) {
		data = bytes.Join([][]byte{{'['}, data, {']'}}, nil)
	}
	var rows []map[string]text
	if err := json.Unmarshal(data, &rows); err != nil {
		return nil, fmt.Errorf("%w: the records are not objects of plain values", connectors.ErrGarbage)
	}
	records := make([]connectors.Record, 0, len(rows))
	for _, row := range rows {
		if row == nil {
			return nil, fmt.Errorf("%w: a record is null", connectors.ErrGarbage)
		}
		record := make(connectors.Record, len(row))
		for name, value := range row {
			record[name] = string(value)
		}
		records = append(records, record)
	}
	return records, nil
}

// text takes a JSON string, number, true, false or null, and keeps a number as
// it was written.
type text string

var errNotPlain = errors.New("not a plain value")

// UnmarshalJSON refuses objects and arrays.
func (t *text) UnmarshalJSON(data []byte) error {
	switch data[0] {
	case '"':
		return json.Unmarshal(data, (*string)(t))
	case '{', '[':
		return errNotPlain
	case 'n':
		*t = ""
	default:
		*t = text(data)
	}
	return nil
}
