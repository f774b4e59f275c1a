package confirmation_test

import (
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/confirmation"
)

// TestWhoConfirms is a table of officers against one request of the department d.
func TestWhoConfirms(t *testing.T) {
	now := time.Now()
	asked := confirmation.Confirmation{
		Department: "d", Provider: "p", OfficerRef: "officer-1", State: confirmation.Pending, Expires: now.Add(confirmation.Life),
	}
	officer := func(department, ref, officerRef string, roles ...string) confirmation.Officer {
		return confirmation.Officer{Ref: ref, OfficerRef: officerRef, Department: department, Roles: roles}
	}
	for name, c := range map[string]struct {
		by     confirmation.Officer
		event  confirmation.Event
		reason string
		after  time.Duration
		code   string
	}{
		"a colleague":               {officer("d", "a", "", "consumer"), confirmation.Confirm, "", 0, ""},
		"an approver of theirs":     {officer("d", "a", "officer-2", "approver"), confirmation.Confirm, "", 0, ""},
		"the provider":              {officer("p", "a", "", "provider"), confirmation.Confirm, "", 0, ""},
		"refuses with a reason":     {officer("p", "a", "", "provider"), confirmation.Refuse, "r", 0, ""},
		"refuses without a reason":  {officer("p", "a", "", "provider"), confirmation.Refuse, "", 0, "field-invalid"},
		"another event":             {officer("p", "a", "", "provider"), "asked", "", 0, "field-invalid"},
		"whose name is the same":    {officer("d", "officer-1", "", "consumer"), confirmation.Confirm, "", 0, "same-person"},
		"who is known to have":      {officer("d", "a", "officer-1", "consumer"), confirmation.Confirm, "", 0, "same-person"},
		"as the provider they are":  {officer("p", "a", "officer-1", "provider"), confirmation.Confirm, "", 0, "same-person"},
		"a colleague without role":  {officer("d", "a", ""), confirmation.Confirm, "", 0, "confirmation-unknown"},
		"the provider's consumer":   {officer("p", "a", "", "consumer"), confirmation.Confirm, "", 0, "confirmation-unknown"},
		"another department":        {officer("x", "a", "", "consumer", "provider", "approver"), confirmation.Confirm, "", 0, "confirmation-unknown"},
		"the bureau reads only":     {officer("b", "a", "", "bureau"), confirmation.Confirm, "", 0, "not-your-turn"},
		"an auditor reads only":     {officer("d", "a", "", "auditor"), confirmation.Confirm, "", 0, "not-your-turn"},
		"in the last moment":        {officer("d", "a", "", "consumer"), confirmation.Confirm, "", confirmation.Life - 1, ""},
		"in the first moment after": {officer("d", "a", "", "consumer"), confirmation.Confirm, "", confirmation.Life, "confirmation-expired"},
	} {
		after, err := asked.Decide(c.by, c.event, c.reason, now.Add(c.after))
		code := ""
		if err != nil {
			code = gateway.AsError(err).Code
		}
		if code != c.code {
			t.Errorf("%s: %q, want %q", name, code, c.code)
			continue
		}
		if (after.State == confirmation.Pending) != (err != nil) {
			t.Errorf("%s: it is %s then", name, after.State)
		}
		if _, err := after.Decide(officer("d", "b", "", "consumer"), confirmation.Confirm, "", now); after.State != confirmation.Pending && gateway.AsError(err).Code != "confirmation-decided" {
			t.Errorf("%s: decided twice: %v", name, err)
		}
	}
}

// TestSameRequest: another person, or another byte, is another request.
func TestSameRequest(t *testing.T) {
	one := confirmation.Digest("a", []byte("bc"))
	if one != confirmation.Digest("a", []byte("bc")) {
		t.Error("the same request has two digests")
	}
	if one == confirmation.Digest("b", []byte("bc")) || one == confirmation.Digest("a", []byte("b")) || one == confirmation.Digest("ab", []byte("c")) {
		t.Error("two requests have one digest")
	}
}
