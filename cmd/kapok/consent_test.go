package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

const householdTemplate = "dibao-household-consent"

// consentWorld is two nodes, a department, and a person who answers on the other node.
type consentWorld struct {
	*world
	department *caller
	person     safe.Person
}

func newConsentWorld(t *testing.T) consentWorld {
	w := newWorld(t, 2)
	identity, err := gateway.ParseIdentity(gateway.CitizenID, firstCitizen())
	if err != nil {
		t.Fatal(err)
	}
	ref, err := w.nodes[0].people().SubjectRef(t.Context(), identity)
	if err != nil {
		t.Fatal(err)
	}
	return consentWorld{world: w, department: w.enrol(dibao), person: safe.Person{Ref: ref, Level: "L3"}}
}

// asking is the body of a request for consent; a test may spoil it.
func asking(change func(map[string]any)) string {
	body := map[string]any{
		"template": householdTemplate, "item": household, "fields": []string{"name", "phone", "state"}, "optional": []string{"phone"},
		"operation": "VIEW", "subject": map[string]string{"id_type": "111", "id_number": firstCitizen()},
		"service_item": dibaoMatter, "case_no": "DB-2026-000001", "purpose": "assistance-review", "max_uses": 1,
		"expires": time.Now().Add(24 * time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"),
	}
	if change != nil {
		change(body)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(encoded)
}

func (w consentWorld) ask(change func(map[string]any)) answer {
	s := w.department.shot(asking(change))
	s.target = publicURL + "/v1/consent-requests"
	return w.department.send(s)
}

func (w consentWorld) asked(t *testing.T, change func(map[string]any)) string {
	t.Helper()
	got := w.ask(change)
	var state struct {
		BasisID string `json:"basis_id"`
		State   string `json:"state"`
	}
	if err := json.Unmarshal(got.body, &state); err != nil || got.status != http.StatusOK || state.State != "REQUESTED" {
		t.Fatalf("not asked: %d %s", got.status, got.body)
	}
	return state.BasisID
}

// grant answers on the second node what was asked on the first.
func (w consentWorld) grant(t *testing.T, id string, spoil func(*safe.Consented)) (basis.Basis, error) {
	t.Helper()
	found, notices, err := w.safe(1).Waiting(t.Context(), w.person)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range found {
		if r.Draft.ID != id {
			continue
		}
		agreed := safe.Consented{NoticeSM3: notices[i].SM3, Separate: r.Draft.Sensitive}
		if spoil != nil {
			spoil(&agreed)
		}
		return w.safe(1).GrantRequest(t.Context(), w.person, id, agreed)
	}
	t.Fatal("what was asked does not wait for the person")
	return basis.Basis{}, nil
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if known, ok := errors.AsType[*gateway.Error](err); !ok || known.Code != code {
		t.Errorf("error %v, want %s", err, code)
	}
}

// TestConsent walks the life of a consent that a department asks for: on two nodes, each
// change on one and the next use on the other.
func TestConsent(t *testing.T) {
	w := newConsentWorld(t)
	refusedBeforeAsking(t, w)
	id := w.asked(t, nil)
	if p := w.ask(nil).problem(t); p.Code != "consent-open" {
		t.Errorf("asked twice: %s", p.Code)
	}
	answersThatAreRefused(t, w, id)
	granted, err := w.grant(t, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	if granted.ID != id || len(granted.Fields) != 2 || granted.Controls.Template != householdTemplate+"@1" {
		t.Errorf("granted %+v", granted)
	}
	_, err = w.safe(0).GrantRequest(t.Context(), w.person, id, safe.Consented{NoticeSM3: granted.Notice.SM3})
	wantCode(t, err, "basis-state")

	pauses(t, w, id)
	if released := w.usesAtOnce(t, id, 200); released != 1 {
		t.Errorf("of one use, %d were released", released)
	}
	w.withdrawAndAskAgain(t, id)
	w.isErased(t, id)
	w.timeEnds(t)
}

// refusedBeforeAsking: nobody is asked for more than the template.
func refusedBeforeAsking(t *testing.T, w consentWorld) {
	t.Helper()
	for _, c := range []struct {
		code   string
		change func(map[string]any)
	}{
		{"fields-exceed", func(b map[string]any) { b["fields"] = []string{"name", "household_address"} }},
		{"template-exceeded", func(b map[string]any) { b["operation"] = "COPY" }},
		{"template-exceeded", func(b map[string]any) { b["max_uses"] = 21 }},
		{"template-exceeded", func(b map[string]any) {
			b["expires"] = time.Now().AddDate(0, 0, 181).UTC().Format(time.RFC3339)
		}},
		{"field-invalid", func(b map[string]any) { b["template"] = "dibao-insurance-written" }},
	} {
		if p := w.ask(c.change).problem(t); p.Code != c.code {
			t.Errorf("asked beyond the template: %+v, want %s", p, c.code)
		}
	}
}

func answersThatAreRefused(t *testing.T, w consentWorld, id string) {
	t.Helper()
	_, err := w.grant(t, id, func(c *safe.Consented) { c.NoticeSM3 = strings.Repeat("0", 64) })
	wantCode(t, err, "notice-mismatch")
	_, err = w.grant(t, id, func(c *safe.Consented) { c.Optional = []string{"name"} })
	wantCode(t, err, "field-invalid")
	stranger := safe.Person{Ref: strings.Repeat("a", 32), Level: "L3"}
	_, err = w.safe(0).GrantRequest(t.Context(), stranger, id, safe.Consented{})
	wantCode(t, err, "basis-unknown")
	weak := w.person
	weak.Level = "L1"
	found, notices, err := w.safe(0).Waiting(t.Context(), weak)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d wait, %v", len(found), err)
	}
	_, err = w.safe(0).GrantRequest(t.Context(), weak, id, safe.Consented{NoticeSM3: notices[0].SM3})
	wantCode(t, err, "assurance-too-low")
}

// pauses: what one node paused, the other refuses at once, and uses nothing up.
func pauses(t *testing.T, w consentWorld, id string) {
	t.Helper()
	if err := w.safe(0).Pause(t.Context(), w.person, id); err != nil {
		t.Fatal(err)
	}
	if p := w.use(id, 1, "").problem(t); p.Code != "basis-paused" && p.Code != "basis-ended" && p.Code != "basis-not-active" {
		t.Errorf("a paused consent: %+v", p)
	}
	if err := w.safe(1).Resume(t.Context(), w.person, id); err != nil {
		t.Fatal(err)
	}
	w.order("500", 0)
	if got := w.use(id, 0, ""); got.status < 500 {
		t.Fatalf("the source was to fail: %d %s", got.status, got.body)
	}
}

func (w consentWorld) use(id string, node int, token string) answer {
	s := w.department.shot(ask(id, "name", "state"))
	s.node = node
	if token != "" {
		s.header.Set("Authorization", "Bearer "+token)
	}
	return w.department.send(s)
}

// usesAtOnce sends so many calls to both nodes at the same time.
func (w consentWorld) usesAtOnce(t *testing.T, id string, calls int) (released int) {
	t.Helper()
	tokens := []string{w.department.token(0), w.department.token(1)}
	var mu sync.Mutex
	var all sync.WaitGroup
	codes := map[string]int{}
	for i := range calls {
		all.Go(func() {
			got := w.use(id, i%2, tokens[i%2])
			mu.Lock()
			defer mu.Unlock()
			if got.status == http.StatusOK {
				released++
				return
			}
			codes[got.problem(t).Code]++
		})
	}
	all.Wait()
	if codes["basis-exhausted"]+released != calls {
		t.Errorf("of %d calls: %d released, refused %v", calls, released, codes)
	}
	return released
}

// withdrawAndAskAgain: after a refusal the person is left in peace, on every node.
func (w consentWorld) withdrawAndAskAgain(t *testing.T, id string) {
	t.Helper()
	if err := w.safe(0).Withdraw(t.Context(), w.person, id); err != nil {
		t.Fatal(err)
	}
	again := w.asked(t, nil)
	if err := w.safe(1).DeferRequest(t.Context(), w.person, again); err != nil {
		t.Fatal(err)
	}
	if err := w.safe(1).RefuseRequest(t.Context(), w.person, again); err != nil {
		t.Fatal(err)
	}
	got := w.ask(nil)
	if p := got.problem(t); p.Code != "consent-cooldown" || got.header.Get("Retry-After") == "" {
		t.Errorf("asked after a refusal: %+v", p)
	}
	d, err := w.safe(0).Detail(t.Context(), w.person, id)
	if err != nil {
		t.Fatal(err)
	}
	var events []basis.Event
	for _, e := range d.Events {
		events = append(events, e.Event)
	}
	if len(events) != 5 || d.Notice.Text == "" || d.Uses != 1 {
		t.Errorf("%v, %d uses, notice %q", events, d.Uses, d.Notice.ID)
	}
	w.writtenNeedsMore(t)
}

// writtenNeedsMore: a written consent needs each sensitive field by itself, and a
// sign-in for exactly this.
func (w consentWorld) writtenNeedsMore(t *testing.T) {
	t.Helper()
	written := w.asked(t, func(b map[string]any) {
		b["template"], b["item"], b["fields"], b["optional"] = "dibao-insurance-written", "2020010003/000001", []string{"insured_state", "base_wage"}, []string{}
	})
	_, err := w.grant(t, written, func(c *safe.Consented) { c.Separate = nil })
	wantCode(t, err, "separate-missing")
	_, err = w.grant(t, written, nil)
	wantCode(t, err, "step-up-missing")
	made, err := w.grant(t, written, func(c *safe.Consented) { c.Assertion = strings.Repeat("c", 64) })
	if err != nil || made.Kind != basis.WrittenConsent {
		t.Errorf("%s, %v", made.Kind, err)
	}
	w.emergency(t)
}

// emergency: one proposes, another approves, and who did either does not review.
func (w consentWorld) emergency(t *testing.T) {
	t.Helper()
	one, other, third := safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Person{Ref: "staff-bureau-02", Level: "L3"}, safe.Person{Ref: "staff-auditor-01", Level: "L3"}
	s := w.safe(0)
	proposed, err := s.Propose(t.Context(), one, w.person.Ref, safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: household, Fields: []string{"name", "state"}, Operation: gateway.View,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: time.Now().Add(time.Hour),
	}, safe.Urgent{Incident: "TH-2026-04", Reason: "内涝转移安置", Provision: "social-assistance-58", DestroyBy: time.Now().Add(72 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.use(proposed.Draft.ID, 0, ""); got.status == http.StatusOK {
		t.Error("it was used before anybody approved")
	}
	_, err = s.Approve(t.Context(), one, proposed.Draft.ID)
	wantCode(t, err, "same-person")
	if _, err := s.Approve(t.Context(), other, proposed.Draft.ID); err != nil {
		t.Fatal(err)
	}
	if p := w.use(proposed.Draft.ID, 1, "").problem(t); p.Code != "policy-forbids" { // in force, and for another purpose than the call's
		t.Errorf("an emergency's data for assistance: %+v", p)
	}
	if _, err := s.Govern(t.Context(), one, proposed.Draft.ID, basis.EventClosed, "done"); err != nil {
		t.Fatal(err)
	}
	if got := w.use(proposed.Draft.ID, 1, ""); got.status == http.StatusOK {
		t.Error("it was used after its end")
	}
	_, err = s.Govern(t.Context(), other, proposed.Draft.ID, basis.EventReviewed, "reviewed")
	wantCode(t, err, "same-person")
	held, err := s.Govern(t.Context(), third, proposed.Draft.ID, basis.EventReviewed, "reviewed")
	if err != nil || held.State != basis.Reviewed {
		t.Errorf("%s, %v", held.State, err)
	}
}
