package exchange

import (
	"context"
	"time"

	"kapok/gateway"
)

// The rules of the catalogue that a source's answer can break.
const (
	anotherPerson  = "another-person"
	severalRecords = "several-records"
	wrongValue     = "wrong-value" // of a field: missing, of another type or form, out of its range, a wrong check digit
	stale          = "stale"       // older than the item promises
	undated        = "undated"     // of a time that the source does not say, where the item promises one
	ofTomorrow     = "of-tomorrow" // of a time that has not come
)

// Violation is an answer that breaks the catalogue. It holds no value and says nothing
// of whom it concerns: the exchange, by its reference, does.
type Violation struct {
	Ref         string // of the first exchange that met it
	Item        string
	ItemVersion int
	Provider    string
	Source      string
	Field       string // the catalogue's name; "" where it is the record
	Rule        string
	At          time.Time
}

// Violations take a violation up with the source's provider (校核). What Report returns
// nil for is durable. One that is open already may be counted and no more.
type Violations interface {
	Report(ctx context.Context, v Violation) error
}

// violated reports what the source broke, and words it for the caller. When the report
// cannot be made the caller hears the same, and the log the rest: nothing is released
// either way, and the ledger's outcome names the rule.
func (s *Service) violated(ctx context.Context, u *use, rule, field string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err := s.violations.Report(ctx, Violation{
		Ref: u.ref, Item: u.item.Code, ItemVersion: u.item.Version, Provider: u.item.Provider, Source: u.item.Source,
		Field: field, Rule: rule, At: s.now(),
	})
	if err != nil {
		s.log.ErrorContext(ctx, "a violation could not be reported to its provider", "item", u.item.Code, "rule", rule, "field", field, "error", err)
	}
	failure := gateway.Fail(gateway.SourceFailed, "source-wrong", violationSays[rule])
	failure.Field = field
	return failure
}

var violationSays = map[string]string{
	anotherPerson:  "The source answered with another person's record.",
	severalRecords: "The source answered several records where one was asked for.",
	wrongValue:     "The source's value of a field is not what the catalogue describes.",
	stale:          "The source's data is older than the catalogue promises.",
	undated:        "The source does not say of when its data is, and the catalogue promises how fresh it is.",
	ofTomorrow:     "The source says that its data is of a time that has not come.",
}
