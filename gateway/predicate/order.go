package predicate

import (
	"cmp"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// order says how values of one kind stand to one another.
type order struct {
	says    string                                        // what an operand looks like
	operand func(string) bool                             // reports whether it does
	compare func(a, b string) int                         // of two operands
	against func(value, operand string, at time.Time) int // of a value and an operand
}

// plain orders values and operands of the same form.
func plain(says string, operand func(string) bool, compare func(a, b string) int) order {
	return order{says, operand, compare, func(value, operand string, _ time.Time) int { return compare(value, operand) }}
}

var (
	wholeNumber   = regexp.MustCompile(`^-?[0-9]{1,18}$`)
	decimalNumber = regexp.MustCompile(`^-?[0-9]{1,18}(\.[0-9]{1,9})?$`)
	years         = regexp.MustCompile(`^[0-9]{1,3}$`)
)

const maxText = 256 // bytes of an operand

var texts = plain("a text of at most 256 bytes", func(s string) bool { return s != "" && len(s) <= maxText }, strings.Compare)

// plains are the orders of the catalogue's types.
var plains = map[string]order{
	"string":   texts,
	"integer":  plain("a whole number", wholeNumber.MatchString, compareNumbers),
	"decimal":  plain("a decimal number", decimalNumber.MatchString, compareNumbers),
	"boolean":  plain("true or false", func(s string) bool { return s == "true" || s == "false" }, strings.Compare),
	"date":     plain("a day as YYYY-MM-DD", written(time.DateOnly), strings.Compare),
	"month":    plain("a month as YYYY-MM", written("2006-01"), strings.Compare),
	"datetime": plain("a moment as RFC 3339", written(time.RFC3339), compareMoments),
}

func written(layout string) func(string) bool {
	return func(s string) bool {
		_, err := time.Parse(layout, s)
		return err == nil
	}
}

func compareNumbers(a, b string) int {
	x, _ := new(big.Rat).SetString(a) // both are of the form: Check and the catalogue saw to it
	y, _ := new(big.Rat).SetString(b)
	return x.Cmp(y)
}

func compareMoments(a, b string) int {
	x, _ := time.Parse(time.RFC3339, a)
	y, _ := time.Parse(time.RFC3339, b)
	return x.Compare(y)
}

// ages compares the full years since a day with a number of years.
var ages = order{
	says:    "a number of years from 0 to 999",
	operand: years.MatchString,
	compare: compareNumbers,
	against: func(value, operand string, at time.Time) int {
		born, _ := time.ParseInLocation(time.DateOnly, value, at.Location())
		asked, _ := strconv.Atoi(operand)
		return cmp.Compare(fullYears(born, at), asked)
	},
}

// fullYears counts birthdays, the day of birth not among them. Who was born on 29
// February completes a year on 28 February where there is no 29th (民法典 202).
func fullYears(born, at time.Time) int {
	count := at.Year() - born.Year()
	if at.Before(later(born, period{years: count})) {
		count--
	}
	return count
}

// elapsed compares how long ago a value was with a period: it is greater where the
// period, counted from the value, ended before now.
func elapsed(layout string) order {
	return order{
		says:    "a period such as P1Y6M or P30D",
		operand: func(s string) bool { _, ok := parsePeriod(s); return ok },
		compare: strings.Compare,
		against: func(value, operand string, at time.Time) int {
			since, _ := time.ParseInLocation(layout, value, at.Location())
			length, _ := parsePeriod(operand)
			now := at
			if layout != time.RFC3339 {
				now = dayOf(at)
			}
			return now.Compare(later(since, length))
		},
	}
}

func dayOf(at time.Time) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, at.Location())
}
