package facade

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"kapok/gateway"
)

// Question is the body of POST license/auth (依职能用证).
type Question struct {
	IdentityNumber  string   `json:"identity_number"` // of one holder or several, with commas between
	ServiceItemCode string   `json:"service_item_code"`
	ServiceItemName string   `json:"service_item_name"`
	BizNum          string   `json:"biz_num"`
	UseCause        string   `json:"use_cause"`
	PageIndex       int      `json:"page_index"`
	PageSize        int      `json:"page_size"`
	RequestID       string   `json:"request_id"`
	Operator        Operator `json:"operator"`
}

// Operator is who asks at the department: Account is the officer's reference there. The
// rest is kept with the request, encrypted, and is looked at by nobody here.
type Operator struct {
	Account        string `json:"account"`
	Name           string `json:"name"`
	Role           string `json:"role"`
	Division       string `json:"division"`
	DivisionCode   string `json:"division_code"`
	ServiceOrg     string `json:"service_org"`
	ServiceOrgCode string `json:"service_org_code"`
	IdentityNum    string `json:"identity_num"`
}

const (
	maxHolders = 10
	maxPage    = 150 // page_size, by the API
)

var code = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._/-]{0,63}$`)

var questionRules = []struct {
	field, says string
	holds       func(Question) bool
}{
	{"service_item_code", "service_item_code is required: the code of the matter (事项)", func(q Question) bool { return code.MatchString(q.ServiceItemCode) }},
	{"biz_num", "biz_num is required: the case, at most 64 letters, digits, - _ . /", func(q Question) bool { return code.MatchString(q.BizNum) }},
	{"operator.account", "operator.account is required: the officer's reference, at most 64 letters, digits, - _ . /", func(q Question) bool { return code.MatchString(q.Operator.Account) }},
	{"page_index", "page_index is 1: whoever is asked about, the list has one page", func(q Question) bool { return q.PageIndex == 0 || q.PageIndex == 1 }},
	{"page_size", "page_size is at most 150", func(q Question) bool { return q.PageSize >= 0 && q.PageSize <= maxPage }},
}

// ParseQuestion reads a question and whom it is about.
func ParseQuestion(body []byte) (Question, []gateway.Identity, error) {
	var q Question
	if err := json.Unmarshal(body, &q); err != nil {
		return q, nil, gateway.Fail(gateway.Invalid, "json-malformed", "The body is not the JSON object that this address takes.")
	}
	for _, rule := range questionRules {
		if !rule.holds(q) {
			return q, nil, wrong(rule.field, rule.says)
		}
	}
	numbers := strings.Split(q.IdentityNumber, ",")
	if len(numbers) > maxHolders {
		return q, nil, wrong("identity_number", fmt.Sprintf("identity_number names at most %d holders", maxHolders))
	}
	holders := make([]gateway.Identity, len(numbers))
	for i, number := range numbers {
		holder, known := identify(strings.TrimSpace(number))
		if !known {
			return q, nil, wrong("identity_number", "identity_number is a citizen's number or a unified social credit code, check digit included")
		}
		holders[i] = holder
	}
	return q, holders, nil
}

// identify finds what kind of number this is: the API does not say.
func identify(number string) (gateway.Identity, bool) {
	for _, kind := range []gateway.IdentityType{gateway.CitizenID, gateway.CreditCode, gateway.ResidencePermit} {
		if holder, err := gateway.ParseIdentity(kind, number); err == nil {
			return holder, true
		}
	}
	return gateway.Identity{}, false
}

func wrong(field, rule string) error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule)
	failure.Field = field
	return failure
}
