package catalog

import (
	"fmt"
	"regexp"
	"slices"
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
	materialCode = form(`^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$`, "a code of 1 to 64 letters, digits, - _ .")
	availability = form(`^(100|[1-9]?[0-9])(\.[0-9]{1,4})?$`, "a percentage such as 99.5")
	webhook      = form(`^(https://|http://127\.0\.0\.1[:/]|\$\{[A-Z][A-Z0-9_]*\}/)[^ ]{1,500}$`, "an address of https (in a trial also of http://127.0.0.1)")
	protocolName = form(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`, "a protocol's name of small letters, digits and hyphens within")
)

// expression checks that a pattern is a regular expression of Go's syntax, and keeps it.
func (l *loader) expression(text string) error {
	if l.patterns[text] != nil {
		return nil
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return fmt.Errorf("the pattern is not a regular expression: %w", err)
	}
	l.patterns[text] = compiled
	return nil
}

// oneOf makes a check from a table of allowed words.
func oneOf[T ~string](allowed ...T) check {
	return func(text string) error {
		if slices.Contains(allowed, T(text)) {
			return nil
		}
		return fmt.Errorf("%q is not one of %v", text, allowed)
	}
}
