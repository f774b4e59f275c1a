package jsonrecords

import (
	"fmt"
	"strings"

	"kapok/connectors"
	"kapok/gateway"
)

// Layout is where things stand in an answer.
type Layout struct {
	Subject string  // the record's name for the subject's number
	Records Pointer // an array of objects, one object, or null for none; nil: the whole answer
	AsOf    Pointer // nil where the source does not say
}

// ParseLayout reads a layout from settings: records and asOf are RFC 6901 pointers;
// asOf may be empty. An error names the setting.
func ParseLayout(subject, records, asOf string) (l Layout, err error) {
	l.Subject = subject
	if records != "" {
		if l.Records, err = ParsePointer(records); err != nil {
			return Layout{}, fmt.Errorf("setting records: %w", err)
		}
	}
	if asOf == "" {
		return l, nil
	}
	if l.AsOf, err = ParsePointer(asOf); err != nil {
		return Layout{}, fmt.Errorf("setting as_of: %w", err)
	}
	return l, nil
}

// Read reads an answer about the subject. Where the records should stand and
// nothing does, the answer is garbage, never "no record".
func (l Layout) Read(whole Value, subject gateway.Identity) (connectors.Answer, error) {
	found, present := l.Records.Follow(whole)
	if len(l.Records) == 0 {
		found, present = whole, true
	}
	if !present {
		return connectors.Answer{}, fmt.Errorf("%w: the answer has not one records member", connectors.ErrGarbage)
	}
	records, err := readRecords(found)
	if err != nil {
		return connectors.Answer{}, err
	}
	if err := About(records, l.Subject, subject); err != nil {
		return connectors.Answer{}, err
	}
	asOf, err := l.readAsOf(whole)
	if err != nil {
		return connectors.Answer{}, err
	}
	return connectors.Answer{Records: records, AsOf: asOf}, nil
}

// About holds every record to the subject that was asked about; field is the
// records' name for the subject's number.
func About(records []connectors.Record, field string, subject gateway.Identity) error {
	for _, record := range records {
		if !strings.EqualFold(record[field], subject.Number()) {
			return fmt.Errorf("%w: a record is not about the subject", connectors.ErrAnotherPerson)
		}
	}
	return nil
}

// readRecords takes an array of objects, one object, or null for none.
func readRecords(found Value) ([]connectors.Record, error) {
	if found.IsNull() {
		return nil, nil
	}
	if found.IsObject() {
		record, err := ReadRecord(found)
		return []connectors.Record{record}, err
	}
	if !found.IsArray() {
		return nil, fmt.Errorf("%w: the records are neither an array nor an object", connectors.ErrGarbage)
	}
	var records []connectors.Record
	for element := range found.Elements() {
		record, err := ReadRecord(element)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

// usualFields is how many fields a record has as a rule.
const usualFields = 16

// ReadRecord reads an object of plain values, none twice.
func ReadRecord(found Value) (connectors.Record, error) {
	if !found.IsObject() {
		return nil, fmt.Errorf("%w: a record is not an object", connectors.ErrGarbage)
	}
	record := make(connectors.Record, usualFields)
	for name, inner := range found.Members() {
		text, plain := inner.Text()
		if _, twice := record[name]; twice || !plain {
			return nil, fmt.Errorf("%w: a record has a field twice, or one that is no plain value", connectors.ErrGarbage)
		}
		record[name] = text
	}
	return record, nil
}
