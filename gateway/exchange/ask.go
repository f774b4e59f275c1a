package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"kapok/gateway"
	"kapok/gateway/predicate"
)

// Ask is what a department's system asks for: the body of POST /v1/exchanges.
type Ask struct {
	Item        string            `json:"item"`         // 目录代码 of the data item
	Fields      []string          `json:"fields"`       // 信息项, by name
	Operation   gateway.Operation `json:"operation"`    // VERIFY, PREDICATE, VIEW or COPY
	Subject     AskedSubject      `json:"subject"`      // whom it is about
	ServiceItem string            `json:"service_item"` // 事项编码
	CaseNo      string            `json:"case_no"`      // 办件编号
	OfficerRef  string            `json:"officer_ref"`  // the officer's reference in the department, not a name
	Purpose     string            `json:"purpose"`      // purpose code of the catalogue
	BasisID     string            `json:"basis_id"`     // the access basis relied on
	Expected    map[string]string `json:"expected"`     // VERIFY only: the value to compare, by field
	Tests       []predicate.Test  `json:"tests"`        // PREDICATE only: one test for each field
}

// AskedSubject is the identity of the person or organisation asked about.
type AskedSubject struct {
	IDType   gateway.IdentityType `json:"id_type"`
	IDNumber string               `json:"id_number"`
}

const (
	maxAskedFields = 60   // their names fit one field of a ledger entry
	maxValue       = 1024 // bytes of one expected value
	maxTests       = 20   // their texts fit one field of a ledger entry
)

// parseAsk reads the body strictly: unknown members, trailing bytes and broken
// rules are errors that name the field and the rule and hold no value.
func parseAsk(body []byte) (Ask, gateway.Identity, error) { return parseAskAt(body, "") }

// parseAskAt is parseAsk for what an officer asks at the desk: the body leaves them out.
func parseAskAt(body []byte, officer string) (Ask, gateway.Identity, error) {
	var ask Ask
	if err := decodeStrictly(body, &ask); err != nil {
		return Ask{}, gateway.Identity{}, err
	}
	if officer != "" && ask.OfficerRef == "" {
		ask.OfficerRef = officer
	} else if officer != "" {
		return Ask{}, gateway.Identity{}, invalidField("/officer_ref", "at the desk the officer is the one who is signed in")
	}
	return checkAsk(ask)
}

func checkAsk(ask Ask) (Ask, gateway.Identity, error) {
	for _, rule := range askRules {
		if !rule.holds(ask) {
			return ask, gateway.Identity{}, invalidField(rule.field, rule.says)
		}
	}
	if ask.Subject == (AskedSubject{}) && ask.BasisID != "" {
		return ask, gateway.Identity{}, nil // the basis says who; see resolve
	}
	subject, err := gateway.ParseIdentity(ask.Subject.IDType, ask.Subject.IDNumber)
	if err != nil {
		return ask, gateway.Identity{}, invalidField("/subject", err.Error())
	}
	return ask, subject, nil
}

// askRules are read top to bottom; the first that does not hold is reported.
var askRules = []struct {
	field string
	says  string
	holds func(Ask) bool
}{
	{"/item", "item is required: the catalogue code of a data item, at most 64 characters", func(a Ask) bool { return code.MatchString(a.Item) }},
	{"/fields", "fields is required: 1 to 60 names, none twice", func(a Ask) bool { return namesOnce(a.Fields) }},
	{"/operation", "operation is required: VERIFY, PREDICATE, VIEW or COPY", func(a Ask) bool { return a.Operation.Known() }},
	{"/service_item", "service_item is required: the code of the matter (事项) this is for", func(a Ask) bool { return code.MatchString(a.ServiceItem) }},
	{"/case_no", "case_no is required: the case this is for, at most 64 letters, digits, - _ . /", func(a Ask) bool { return code.MatchString(a.CaseNo) }},
	{"/officer_ref", "officer_ref is required: the officer's reference, at most 64 letters, digits, - _ . /", func(a Ask) bool { return code.MatchString(a.OfficerRef) }},
	{"/purpose", "purpose is required: a purpose code of the catalogue", func(a Ask) bool { return code.MatchString(a.Purpose) }},
	{"/basis_id", "basis_id is at most 64 letters, digits, - _ . /", func(a Ask) bool { return a.BasisID == "" || code.MatchString(a.BasisID) }},
	{"/expected", "expected goes with VERIFY: one value of at most 1024 bytes for each field, and for no other operation", expectedFits},
	{"/tests", "tests goes with PREDICATE: one test for each of at most 20 fields, and for no other operation", testsFit},
}

var code = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/-]{0,63}$`)

func namesOnce(fields []string) bool {
	if len(fields) == 0 || len(fields) > maxAskedFields {
		return false
	}
	for i, name := range fields {
		if !code.MatchString(name) || slices.Contains(fields[:i], name) {
			return false
		}
	}
	return true
}

func expectedFits(a Ask) bool {
	if a.Operation != gateway.Verify {
		return len(a.Expected) == 0
	}
	for _, name := range a.Fields {
		if value, ok := a.Expected[name]; !ok || len(value) > maxValue {
			return false
		}
	}
	return len(a.Expected) == len(a.Fields)
}

func testsFit(a Ask) bool {
	if a.Operation != gateway.Predicate {
		return len(a.Tests) == 0
	}
	for _, test := range a.Tests {
		if !slices.Contains(a.Fields, test.Field) {
			return false
		}
	}
	return len(a.Tests) == len(a.Fields) && len(a.Tests) <= maxTests && len(a.testByField()) == len(a.Tests)
}

func (a Ask) testByField() map[string]predicate.Test {
	tests := make(map[string]predicate.Test, len(a.Tests))
	for _, test := range a.Tests {
		tests[test.Field] = test
	}
	return tests
}

func decodeStrictly(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return gateway.Fail(gateway.Invalid, "json-malformed", "The body holds something after its JSON object.")
	}
	return nil
}

// malformed names what is wrong without passing on encoding/json's text, which can
// quote the body.
func malformed(err error) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return invalidField("/"+pointer(wrong.Field), fmt.Sprintf("this member is to be of another JSON type (%s)", wrong.Type.Kind()))
	}
	return gateway.Fail(gateway.Invalid, "json-malformed",
		"The body is not the JSON object that the API describes: broken syntax, or a member it does not know.").Because(withoutText(err))
}

func withoutText(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("JSON syntax error at offset %d", syntax.Offset)
	}
	return errors.New("unknown member or unexpected end")
}

func pointer(field string) string {
	out := []byte(field)
	for i, c := range out {
		if c == '.' {
			out[i] = '/'
		}
	}
	return string(out)
}

func invalidField(field, rule string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule+".")
	failure.Field = field
	return failure
}
