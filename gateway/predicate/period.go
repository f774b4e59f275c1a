package predicate

import (
	"regexp"
	"strconv"
	"time"
)

// period is an ISO 8601 duration in calendar units: P1Y6M, P30D.
type period struct{ years, months, days int }

var periodForm = regexp.MustCompile(`^P(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?$`)

func parsePeriod(text string) (period, bool) {
	parts := periodForm.FindStringSubmatch(text)
	if parts == nil || text == "P" {
		return period{}, false
	}
	number := func(digits string) int { n, _ := strconv.Atoi(digits); return n }
	return period{number(parts[1]), number(parts[2]), number(parts[3])}, true
}

// later adds calendar time. Where the month has no such day it is the month's last
// (民法典 202), not a day of the next.
func later(from time.Time, by period) time.Time {
	first := time.Date(from.Year()+by.years, from.Month()+time.Month(by.months), 1, from.Hour(), from.Minute(), from.Second(), from.Nanosecond(), from.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(from.Day(), last)-1+by.days)
}
