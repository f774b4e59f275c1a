package jsonrecords

import (
	"fmt"
	"time"

	"kapok/connectors"
)

// timeForms are those that interfaces write; without a zone it is Beijing time.
var timeForms = []string{time.RFC3339, time.DateTime, "20060102150405", time.DateOnly, "20060102"}

// readAsOf returns when the data was true, zero where the answer does not say.
func (l Layout) readAsOf(whole Value) (time.Time, error) {
	found, present := l.AsOf.Follow(whole)
	if !present {
		return time.Time{}, nil
	}
	written, plain := found.Text()
	if !plain {
		return time.Time{}, fmt.Errorf("%w: the time of the data is not a plain value", connectors.ErrGarbage)
	}
	if written == "" {
		return time.Time{}, nil
	}
	return ReadTime(written)
}

// ReadTime reads a time in one of the forms that sources write.
func ReadTime(value string) (time.Time, error) {
	beijing := time.FixedZone("UTC+8", 8*60*60)
	for _, form := range timeForms {
		if at, err := time.ParseInLocation(form, value, beijing); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%w: the time of the data is in no known form", connectors.ErrGarbage)
}
