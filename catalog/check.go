package catalog

import (
	"fmt"
	"regexp"
	"time"
)

// check says what is wrong with a text, or nil.
type check func(text string) error

// form makes a check from a pattern and the words that explain it.
func form(pattern, explained string) check {
	compiled := regexp.MustCompile(pattern)
	return func(text string) error {
		if compiled.MatchString(text) {
			return nil
		}
		return fmt.Errorf("%q is not %s", text, explained)
	}
}

var (
	identifier   = form(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`, "an id of small letters, digits and single hyphens")
	fieldName    = form(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`, "a field name of small letters, digits and single underscores")
	divisionCode = form(`^[0-9]{6}$`, "a division code of 6 digits (GB/T 2260)")
	itemCode     = form(`^[1-9][0-9]{2}[0-9]{3}[0-9]+/[0-9]+$`, "a code of 类 1 digit, 项 2, 目 3, 细目 1 or more, a slash and the 顺序码")
	serviceCode  = form(`^[0-9A-Z]{31}$`, "a service item code of 31 digits and capitals")
	protocolName = form(`^[a-z][a-z0-9]*$`, "a protocol's name of small letters and digits")
)

// expression checks that a pattern is a regular expression of Go's syntax.
func expression(text string) error {
	if _, err := regexp.Compile(text); err != nil {
		return fmt.Errorf("the pattern is not a regular expression: %w", err)
	}
	return nil
}

// date reads a day as YYYY-MM-DD.
func (r *record) date(key string) time.Time {
	return r.instant(key, time.DateOnly, "a day as YYYY-MM-DD")
}

// moment reads a time as RFC 3339 with its zone.
func (r *record) moment(key string) time.Time {
	return r.instant(key, time.RFC3339, "a time as RFC 3339, with its zone")
}

func (r *record) instant(key, layout, explained string) time.Time {
	var found time.Time
	r.text(key, func(text string) (err error) {
		if found, err = time.Parse(layout, text); err != nil {
			return fmt.Errorf("%q is not %s", text, explained)
		}
		return nil
	})
	return found.UTC()
}

// timeout reads a duration of at most a minute.
func (r *record) timeout(key string) time.Duration {
	var found time.Duration
	r.text(key, func(text string) (err error) {
		if found, err = time.ParseDuration(text); err != nil || found <= 0 || found > time.Minute {
			return fmt.Errorf("%q is not a duration above 0 and up to 1m", text)
		}
		return nil
	})
	return found
}
