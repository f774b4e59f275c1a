package predicate

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

var china = time.FixedZone("CST", 8*3600)

// today is noon of 28 February 2027, a year without a 29th.
var today = time.Date(2027, 2, 28, 12, 0, 0, 0, china)

func TestHolds(t *testing.T) {
	for _, c := range []struct {
		fieldType, value, test, operand string
		want                            bool
	}{
		{"string", "在保", "present", ``, true},
		{"string", "", "present", ``, false},
		{"string", "在保", "=", `"在保"`, true},
		{"string", "停保", "=", `"在保"`, false},
		{"string", "停保", "!=", `"在保"`, true},
		{"string", "", "!=", `"在保"`, false},
		{"string", "停保", "in", `["在保", "停保"]`, true},
		{"string", "退保", "in", `["在保", "停保"]`, false},
		{"boolean", "true", "=", `true`, true},
		{"integer", "9", "<", `10`, true}, // by number, not by text
		{"integer", "10", "<", `10`, false},
		{"integer", "10", "<=", `10`, true},
		{"integer", "-1", ">", `-2`, true},
		{"integer", "007", "=", `7`, true},
		{"decimal", "3500.50", ">=", `3500.5`, true},
		{"decimal", "3500.49", ">=", `"3500.5"`, false},
		{"decimal", "10", "between", `[10, 12.5]`, true},
		{"decimal", "12.51", "between", `[10, 12.5]`, false},
		{"date", "2026-12-31", "<", `"2027-01-01"`, true},
		{"month", "2026-12", ">=", `"2026-12"`, true},
		{"datetime", "2026-06-01T08:00:00+08:00", "=", `"2026-06-01T00:00:00Z"`, true},
		{"date", "1967-02-28", "age>=", `60`, true}, // on the birthday
		{"date", "1967-03-01", "age>=", `60`, false},
		{"date", "2004-02-29", "age>=", `23`, true}, // the month's last day
		{"date", "1967-03-01", "age<", `60`, true},
		{"date", "1967-02-28", "age>", `60`, false},
		{"date", "1966-02-28", "age>", `60`, true},
		{"date", "1967-02-28", "age<=", `60`, true},
		{"date", "1962-02-28", "age-between", `[60, 65]`, true},
		{"date", "1961-02-28", "age-between", `[60, 65]`, false},
		{"month", "2026-08", "elapsed<=", `"P6M"`, false}, // six months from 1 August ended on 1 February
		{"month", "2026-09", "elapsed<", `"P6M"`, true},
		{"date", "2026-08-31", "elapsed>=", `"P6M"`, true}, // 31 August and six months: 28 February
		{"date", "2027-01-29", "elapsed>=", `"P30D"`, true},
		{"date", "2027-01-30", "elapsed>=", `"P30D"`, false},
		{"date", "2026-02-28", "elapsed>", `"P1Y"`, false},
		{"date", "2026-02-27", "elapsed>", `"P1Y"`, true},
		{"datetime", "2027-02-27T12:00:01+08:00", "elapsed>=", `"P1D"`, false},
		{"date", "", "age>=", `0`, false},
	} {
		test := parse(t, c.test, c.operand)
		if err := test.Check(c.fieldType); err != nil {
			t.Errorf("%s %s %s: %v", c.fieldType, c.test, c.operand, err)
			continue
		}
		if got := test.Holds(c.fieldType, c.value, today); got != c.want {
			t.Errorf("%s %q %s %s = %t", c.fieldType, c.value, c.test, c.operand, got)
		}
	}
}

func parse(t *testing.T, name, operand string) Test {
	t.Helper()
	text := `{"field": "f", "test": "` + name + `"`
	if operand != "" {
		text += `, "value": ` + operand
	}
	var test Test
	if err := json.Unmarshal([]byte(text+"}"), &test); err != nil {
		t.Fatal(err)
	}
	return test
}

func TestCheckRefuses(t *testing.T) {
	for _, c := range []struct{ fieldType, test, operand, says string }{
		{"date", "like", `"x"`, "test is one of"},
		{"string", "<", `"b"`, "not for fields of the type string"},
		{"boolean", ">=", `true`, "not for fields of the type boolean"},
		{"integer", "age>=", `60`, "not for fields of the type integer"},
		{"string", "elapsed<", `"P6M"`, "not for fields of the type string"},
		{"date", "age>=", `"sixty"`, "a number of years"},
		{"date", "age>=", ``, "takes one value"},
		{"date", "present", `1`, "takes no value"},
		{"date", ">=", `"2026-02-30"`, "a day as YYYY-MM-DD"},
		{"month", ">=", `"2026-02-01"`, "a month as YYYY-MM"},
		{"integer", "=", `1.5`, "a whole number"},
		{"decimal", "=", `1e3`, "a decimal number"},
		{"integer", "between", `[5]`, "takes two values"},
		{"integer", "between", `[5, 4]`, "the lower bound first"},
		{"date", "age-between", `[65, 60]`, "the lower bound first"},
		{"string", "in", `[]`, "takes 1 to 50 values"},
		{"string", "=", `""`, "at most 256 bytes"},
		{"date", "elapsed<", `"P"`, "a period"},
		{"date", "elapsed<", `"PT5H"`, "a period"},
		{"nonsense", "=", `"x"`, "not for fields of the type nonsense"},
	} {
		err := parse(t, c.test, c.operand).Check(c.fieldType)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %s %s: %v, want %q", c.fieldType, c.test, c.operand, err, c.says)
		}
	}
}

func TestOperandsAreScalars(t *testing.T) {
	for _, text := range []string{`null`, `{}`, `[null]`, `[[1]]`} {
		if err := new(Operands).UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

// TestRecordHoldsNoValue: what somebody is compared with may be what they are.
func TestRecordHoldsNoValue(t *testing.T) {
	for _, name := range []string{"=", "!=", "in"} {
		if record := (Test{"name", name, Operands{"测试甲"}}).Record(); record != "name "+name {
			t.Errorf("recorded %q", record)
		}
	}
	if record := (Test{"birth_date", "age-between", Operands{"60", "65"}}).Record(); record != "birth_date age-between 60..65" {
		t.Errorf("recorded %q", record)
	}
}

func TestDigestTellsTestsApart(t *testing.T) {
	seen := map[string]bool{}
	for _, test := range []Test{{"f", "in", Operands{"a", "b"}}, {"f", "in", Operands{"ab"}}, {"f", "=", Operands{"ab"}}, {"f", "in", Operands{"a"}}} {
		seen[test.Digest()] = true
	}
	if len(seen) != 4 {
		t.Errorf("%d digests of 4 tests", len(seen))
	}
}

// FuzzTest: whatever is sent, a test that passes its check can be put to any value of
// the type, and its record holds no quote of a text.
func FuzzTest(f *testing.F) {
	for name := range tests {
		f.Add(name, `60`, "1990-02-29", int64(1))
		f.Add(name, `["P6M", "2"]`, "2026-06", int64(1_800_000_000))
	}
	f.Fuzz(func(t *testing.T, name, operand, value string, at int64) {
		test := Test{Field: "f", Name: name}
		if json.Unmarshal([]byte(operand), &test.Operand) != nil {
			return
		}
		for fieldType := range plains {
			if test.Check(fieldType) == nil && plains[fieldType].operand(value) {
				test.Holds(fieldType, value, time.Unix(at%4_000_000_000, 0))
			}
		}
	})
}
