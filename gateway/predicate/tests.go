package predicate

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

const present = "present"

// kind is one test of the language.
type kind struct {
	orders      map[string]order // by the types it is for
	least, most int              // operands
	bounds      bool             // the operands bound a value and are not it
	holds       func(against func(operand string) int, operands []string) bool
}

func (k kind) takes() string {
	switch {
	case k.most == 0:
		return "no value"
	case k.most == 1:
		return "one value"
	case k.least == k.most:
		return "two values"
	}
	return fmt.Sprintf("1 to %d values", k.most)
}

// one makes tests against one operand from what the comparison may come to.
func one(orders map[string]order, bounds bool, accepts func(int) bool) kind {
	return kind{orders, 1, 1, bounds, func(against func(string) int, operands []string) bool {
		return accepts(against(operands[0]))
	}}
}

func less(c int) bool    { return c < 0 }
func atMost(c int) bool  { return c <= 0 }
func more(c int) bool    { return c > 0 }
func atLeast(c int) bool { return c >= 0 }

func between(orders map[string]order) kind {
	return kind{orders, 2, 2, true, func(against func(string) int, operands []string) bool {
		return against(operands[0]) >= 0 && against(operands[1]) <= 0
	}}
}

func only(types ...string) map[string]order {
	chosen := map[string]order{}
	for _, name := range types {
		chosen[name] = plains[name]
	}
	return chosen
}

var (
	ordered   = only("integer", "decimal", "date", "month", "datetime")
	ofBirth   = map[string]order{"date": ages}
	sinceThen = map[string]order{"date": elapsed(time.DateOnly), "month": elapsed("2006-01"), "datetime": elapsed(time.RFC3339)}
)

// tests is the whole language.
var tests = map[string]kind{
	present: {orders: plains},
	"=":     one(plains, false, func(c int) bool { return c == 0 }),
	"!=":    one(plains, false, func(c int) bool { return c != 0 }),
	"in": {plains, 1, MaxOperands, false, func(against func(string) int, operands []string) bool {
		return slices.ContainsFunc(operands, func(operand string) bool { return against(operand) == 0 })
	}},
	"<":           one(ordered, true, less),
	"<=":          one(ordered, true, atMost),
	">":           one(ordered, true, more),
	">=":          one(ordered, true, atLeast),
	"between":     between(ordered),
	"age<":        one(ofBirth, true, less),
	"age<=":       one(ofBirth, true, atMost),
	"age>":        one(ofBirth, true, more),
	"age>=":       one(ofBirth, true, atLeast),
	"age-between": between(ofBirth),
	"elapsed<":    one(sinceThen, true, less),
	"elapsed<=":   one(sinceThen, true, atMost),
	"elapsed>":    one(sinceThen, true, more),
	"elapsed>=":   one(sinceThen, true, atLeast),
}

// Names lists the tests.
func Names() []string { return slices.Sorted(maps.Keys(tests)) }
