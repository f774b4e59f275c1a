package gjgxjhpt

import (
	"fmt"
	"regexp"
	"strings"

	"kapok/connectors"
	"kapok/gateway"
)

// errNotAuthorised is a refusal that a fresh secret may cure.
var errNotAuthorised = fmt.Errorf("%w: the platform does not accept the secret", connectors.ErrRefused)

// notAuthorised are the platform's own codes for it.
var notAuthorised = map[string]bool{"-1": true, "E-106": true}

// plainCode is what may be repeated of a code; a source may put anything there.
var plainCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,16}$`)

// envelope reads {"code","data","message"} and returns it where code is "0". The
// message is dropped: sources put personal data into it.
func envelope(body []byte) (value, error) {
	whole, valid := parse(body)
	if !valid || !whole.isObject() {
		return nil, fmt.Errorf("%w: the answer is not a JSON object in UTF-8", connectors.ErrGarbage)
	}
	member, present := whole.member("code")
	if !present {
		return nil, fmt.Errorf("%w: the answer has not one code", connectors.ErrGarbage)
	}
	code, plain := member.text()
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

// read reads a business answer about the subject. Where the records should
// stand and nothing does, the answer is garbage, never "no record".
func (l layout) read(body []byte, subject gateway.Identity) (connectors.Answer, error) {
	whole, err := envelope(body)
	if err != nil {
		return connectors.Answer{}, err
	}
	found, present := l.records.follow(whole)
	if !present {
		return connectors.Answer{}, fmt.Errorf("%w: the answer has not one records member", connectors.ErrGarbage)
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
	asOf, err := l.readAsOf(whole)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Records: records, AsOf: asOf}, nil
}

// readRecords takes an array of objects, one object, or null for none.
func readRecords(found value) ([]connectors.Record, error) {
	if found.isNull() {
		return nil, nil
	}
	if found.isObject() {
		record, err := readRecord(found)
		return []connectors.Record{record}, err
	}
	if !found.isArray() {
		return nil, fmt.Errorf("%w: the records are neither an array nor an object", connectors.ErrGarbage)
	}
	var records []connectors.Record
	for element := range found.elements() {
		record, err := readRecord(element)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// usualFields is how many fields a record has as a rule.
const usualFields = 16

func readRecord(found value) (connectors.Record, error) {
	if !found.isObject() {
		return nil, fmt.Errorf("%w: a record is not an object", connectors.ErrGarbage)
	}
	record := make(connectors.Record, usualFields)
	for name, inner := range found.members() {
		text, plain := inner.text()
		if _, twice := record[name]; twice || !plain {
			return nil, fmt.Errorf("%w: a record has a field twice, or one that is no plain value", connectors.ErrGarbage)
		}
		record[name] = text
	}
	return record, nil
}
