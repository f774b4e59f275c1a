package catalog

import (
	"encoding/json"
	"time"
)

// The records are written as their files have them: durations and days as text, and an
// issuer with its placeholder open.

// MarshalJSON writes the source as its file has it.
func (s Source) MarshalJSON() ([]byte, error) {
	type plain Source
	return json.Marshal(struct {
		plain
		Timeout string          `json:"timeout"`
		SLA     *writtenPromise `json:"sla,omitempty"`
	}{plain(s), s.Timeout.String(), s.Promise.written()})
}

type writtenPromise struct {
	Availability string `json:"availability,omitempty"`
	P95          string `json:"p95,omitempty"`
}

func (p Promise) written() *writtenPromise {
	if p == (Promise{}) {
		return nil
	}
	return &writtenPromise{p.Availability, span(p.P95)}
}

// MarshalJSON writes the item as its file has it.
func (i Item) MarshalJSON() ([]byte, error) {
	type plain Item
	return json.Marshal(struct {
		plain
		Published string `json:"published"`
		Cache     string `json:"cache,omitempty"`
		Freshness string `json:"freshness,omitempty"`
	}{plain(i), i.Published.Format(time.DateOnly), span(i.Cache), span(i.Freshness)})
}

// MarshalJSON writes the entry as its file has it.
func (e Returned) MarshalJSON() ([]byte, error) {
	type plain Returned
	return json.Marshal(struct {
		plain
		Listed string `json:"listed"`
	}{plain(e), e.Listed.Format(time.DateOnly)})
}

// MarshalJSON writes the person as their file has them.
func (s Staff) MarshalJSON() ([]byte, error) {
	type plain Staff
	written := plain(s)
	written.Issuer = s.written
	return json.Marshal(written)
}

func span(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
