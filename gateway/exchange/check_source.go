package exchange

import (
	"context"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/gateway"
)

// checkSource believes a source's answer only when it is one record, of the person
// asked about, with every field asked for as the catalogue describes it.
func (s *Service) checkSource(ctx context.Context, u *use) error {
	switch len(u.answer.Records) {
	case 0:
		return gateway.Fail(gateway.NotFound, "record-missing", "The source holds no record of this person.")
	case 1:
	default:
		return s.violated(ctx, u, severalRecords, "")
	}
	record := u.answer.Records[0]
	if !s.sameSubject(u, record) {
		return s.violated(ctx, u, anotherPerson, "")
	}
	if rule := ageRule(u.item.Freshness, u.answer.AsOf, s.now()); rule != "" {
		return s.violated(ctx, u, rule, "")
	}
	u.record = make(connectors.Record, len(u.ask.Fields))
	for _, name := range u.ask.Fields {
		field, _ := u.item.Field(name) // resolve found it
		value, held := record[field.SourceName]
		if !held && field.Required || !field.Accepts(value) {
			return s.violated(ctx, u, wrongValue, name)
		}
		u.record[name] = value
	}
	return nil
}

// ageRule names the rule that the time of an answer's data breaks, "" for none. Where
// the item says how fresh its data is, an answer that does not say of when it is breaks
// that promise too; and no data is of tomorrow.
func ageRule(freshness time.Duration, asOf, now time.Time) string {
	switch {
	case asOf.Sub(now) > maxSkew:
		return ofTomorrow
	case freshness == 0:
		return ""
	case asOf.IsZero():
		return undated
	case now.Sub(asOf) > freshness:
		return stale
	}
	return ""
}

// identityFields are the catalogue's names of a field that holds the number of the
// person a record is about.
var identityFields = []string{"id_number", "credit_code"}

// sameSubject compares every identity that the record shows with the one asked
// about; the connector has compared the one that its protocol names.
func (s *Service) sameSubject(u *use, record connectors.Record) bool {
	if u.subject.IsZero() {
		return u.answer.Licence != "" // asked by Kapok's own reference
	}
	for _, name := range identityFields {
		field, known := u.item.Field(name)
		if !known {
			continue
		}
		if value, held := record[field.SourceName]; held && !strings.EqualFold(value, u.subject.Number()) {
			return false
		}
	}
	return true
}

// asOf says of when the source's data is, or "" where the source does not say.
func (u *use) asOf() string {
	if u.answer.AsOf.IsZero() {
		return ""
	}
	return u.answer.AsOf.UTC().Format(time.RFC3339)
}
