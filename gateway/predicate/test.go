package predicate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"kapok/crypto/sm"
)

// Test is one condition over one field.
type Test struct {
	Field   string   `json:"field"`
	Name    string   `json:"test"`
	Operand Operands `json:"value,omitempty"`
}

// MaxOperands is the longest list of "in".
const MaxOperands = 50

// Check reports whether the test can be put to values of a type, as the catalogue
// calls it. The error names the rule and holds no operand.
func (t Test) Check(fieldType string) error {
	known, ok := tests[t.Name]
	if !ok {
		return fmt.Errorf("test is one of %s", strings.Join(Names(), " "))
	}
	order, fits := known.orders[fieldType]
	if !fits {
		return fmt.Errorf("the test %s is not for fields of the type %s", t.Name, fieldType)
	}
	if len(t.Operand) < known.least || len(t.Operand) > known.most {
		return fmt.Errorf("the test %s takes %s", t.Name, known.takes())
	}
	for _, operand := range t.Operand {
		if !order.operand(operand) {
			return fmt.Errorf("the value of the test %s has to be %s", t.Name, order.says)
		}
	}
	if t.Name != "in" && len(t.Operand) == 2 && order.compare(t.Operand[0], t.Operand[1]) > 0 {
		return fmt.Errorf("the test %s takes the lower bound first", t.Name)
	}
	return nil
}

// Holds puts a test that passed [Test.Check] to a value of that type. An empty value
// is one that the source does not hold. The day is that of the zone of now.
func (t Test) Holds(fieldType, value string, now time.Time) bool {
	if t.Name == present {
		return value != ""
	}
	if value == "" {
		return false
	}
	known := tests[t.Name]
	order := known.orders[fieldType]
	return known.holds(func(operand string) int { return order.against(value, operand, now) }, t.Operand)
}

// Record says the test for the record of a use. Bounds are part of it; what a value was
// compared with for equality is not, since it may be the value.
func (t Test) Record() string {
	if tests[t.Name].bounds {
		return t.Field + " " + t.Name + " " + strings.Join(t.Operand, "..")
	}
	return t.Field + " " + t.Name
}

// Digest tells one test from another, without telling either.
func (t Test) Digest() string {
	sum := sm.Sum([]byte("kapok/predicate/v1\x00"), []byte(t.Name+"\x00"+strings.Join(t.Operand, "\x00")))
	return hex.EncodeToString(sum[:])
}
