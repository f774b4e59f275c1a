package httpapi_test

import (
	"strings"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway"
	"kapok/gateway/httpapi"
	"kapok/gateway/safe"
)

const dibaoMatter = "11440106KAPK0002272010511001000"

// citizenAt is one of the sandbox's named people, as somebody else would name them.
func citizenAt(t *testing.T, i int) gateway.Identity {
	t.Helper()
	register, err := people.NewRegister(people.Named)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := gateway.ParseIdentity(gateway.CitizenID, register.At(i).Number)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

// asksFor lets a department ask somebody for a plain consent, for a case of its own.
func (w *world) asksFor(t *testing.T, who gateway.Identity, id, purpose string) {
	t.Helper()
	known, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": w.provider.URL})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := w.stores.people.SubjectRef(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.stores.safe(known).Ask(t.Context(), strings.Repeat(id, 32), ref, safe.Wanted{
		Department: "tianhe-minzheng", System: "tianhe-minzheng-dibao", Item: "1010010001/000001", Fields: []string{"name", "state"},
		Operation: gateway.View, ServiceItem: dibaoMatter, Purpose: purpose, CaseNo: "DB-1", Expires: time.Now().Add(24 * time.Hour),
	}, safe.Request{})
	if err != nil {
		t.Fatal(err)
	}
}

func agentWish(agent gateway.Identity, powers ...string) map[string]any {
	return map[string]any{
		"agent": map[string]string{"id_type": "111", "id_number": agent.Number()}, "matters": []string{dibaoMatter}, "powers": powers,
		"until": time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339),
	}
}

// appoints gives an agent a mandate: the text is read, the person signs in for it.
func (b *browser) appoints(subject string, wish map[string]any) httpapi.Mandate {
	b.t.Helper()
	notice := decode[httpapi.Notice](b.t, b.post("/v1/me/mandates/notice", wish))
	wish["notice_sm3"] = notice.SM3
	b.post("/v1/me/mandates", wish).wants(b.t, 403, "step-up-missing")
	b.stepUp(subject, notice.SM3)
	given := b.post("/v1/me/mandates", wish)
	given.wants(b.t, 201, "")
	return decode[httpapi.Mandate](b.t, given)
}

// TestAgent: a person appoints an agent, who sees what waits and agrees; the basis names
// the mandate; the person sees each act, ends the mandate, and what was granted under it
// ends with it.
func TestAgent(t *testing.T) {
	w := newWorld(t)
	principal, agent := citizenAt(t, 0), citizenAt(t, 1)
	w.asksFor(t, principal, "6", "assistance-review")
	w.asksFor(t, principal, "7", "assistance-recheck")
	b := w.browser(t).signIn("citizen-01")
	made := b.appoints("citizen-01", agentWish(agent, "VIEW", "AUTHORISE"))
	if made.Side != "principal" || made.State != "ACTIVE" || made.Matters[0].Name == "" {
		t.Errorf("given %+v", made)
	}
	other := w.browser(t)
	other.stepUp("citizen-02", someNotice) // of level L3
	at := "/v1/me/mandates/" + made.ID
	waiting := decode[httpapi.ConsentRequestList](t, other.get(at+"/requests")).Requests
	if len(waiting) != 2 {
		t.Fatalf("%d wait", len(waiting))
	}
	granted := other.post(at+"/requests/"+waiting[0].ID+"/grant", map[string]any{"notice_sm3": waiting[0].Notice.SM3})
	granted.wants(t, 201, "")
	other.do("POST", at+"/requests/"+waiting[1].ID+"/refuse", "").wants(t, 204, "")
	other.do("POST", at+"/bases/"+waiting[0].ID+"/withdraw", "").wants(t, 403, "mandate-power")
	if mine := decode[httpapi.ConsentRequestList](t, other.get("/v1/me/requests")).Requests; len(mine) != 0 {
		t.Error("what waits for the principal waits for the agent as their own")
	}
	detail := decode[httpapi.BasisDetail](t, b.get("/v1/me/bases/"+waiting[0].ID))
	if detail.MandateID != made.ID || detail.Events[len(detail.Events)-1].By != "agent" {
		t.Errorf("the basis says %q, by %s", detail.MandateID, detail.Events[len(detail.Events)-1].By)
	}
	other.post("/v1/me/mandates", map[string]any{"notice_sm3": someNotice}).wants(t, 400, "") // nobody passes it on: there is no way to say for whom

	b.do("POST", at+"/end", "").wants(t, 204, "")
	b.do("POST", at+"/end", "").wants(t, 204, "")
	other.get(at+"/requests").wants(t, 404, "mandate-unknown")
	if ended := decode[httpapi.BasisDetail](t, b.get("/v1/me/bases/"+waiting[0].ID)); ended.Basis.State != "INVALIDATED" {
		t.Errorf("what was granted under it is %s", ended.Basis.State)
	}
	b.sees("mandate-given", "mandate-used", "basis-granted", "basis-refused", "mandate-ended", "basis-invalidated")
	other.sees("mandate-given", "mandate-ended")
}

// sees looks for kinds of entries in a person's own record.
func (b *browser) sees(kinds ...string) {
	b.t.Helper()
	found := map[string]bool{}
	for _, one := range decode[httpapi.AccessPage](b.t, b.get("/v1/me/accesses?limit=100")).Accesses {
		found[one.Kind] = true
	}
	for _, kind := range kinds {
		if !found[kind] {
			b.t.Errorf("the record shows no %s", kind)
		}
	}
}

// TestMandateIsNarrow: not for another matter, not longer than it may be, not to oneself,
// not by another text, and not for whom is neither side.
func TestMandateIsNarrow(t *testing.T) {
	w := newWorld(t)
	principal, agent := citizenAt(t, 0), citizenAt(t, 1)
	w.asksFor(t, principal, "6", "assistance-review")
	b := w.browser(t).signIn("citizen-01")
	for name, change := range map[string]func(map[string]any){
		"31 days":      func(m map[string]any) { m["until"] = time.Now().Add(31 * 24 * time.Hour).UTC().Format(time.RFC3339) },
		"over already": func(m map[string]any) { m["until"] = time.Now().Add(-time.Hour).UTC().Format(time.RFC3339) },
		"oneself": func(m map[string]any) {
			m["agent"] = map[string]string{"id_type": "111", "id_number": principal.Number()}
		},
		"no such matter": func(m map[string]any) { m["matters"] = []string{"11440106KAPK0000000000000000000"} },
		"no power":       func(m map[string]any) { m["powers"] = []string{} },
		"a number that is none": func(m map[string]any) {
			m["agent"] = map[string]string{"id_type": "111", "id_number": "110105194912310021"}
		},
	} {
		wish := agentWish(agent, "VIEW")
		change(wish)
		got := b.post("/v1/me/mandates/notice", wish)
		got.wants(t, 400, "")
		if strings.Contains(string(got.body), principal.Number()) {
			t.Errorf("%s: the problem repeats a number", name)
		}
	}
	wish := agentWish(agent, "VIEW", "AUTHORISE", "WITHDRAW")
	wish["matters"] = []string{"11440106KAPK0003022010614002000"}
	made := b.appoints("citizen-01", wish)
	other := w.browser(t)
	other.stepUp("citizen-02", someNotice)
	at := "/v1/me/mandates/" + made.ID
	if waiting := decode[httpapi.ConsentRequestList](t, other.get(at+"/requests")).Requests; len(waiting) != 0 {
		t.Error("what is of another matter is shown")
	}
	asked := strings.Repeat("6", 32)
	other.post(at+"/requests/"+asked+"/grant", map[string]any{"notice_sm3": someNotice}).wants(t, 404, "basis-unknown")
	other.do("POST", at+"/requests/"+asked+"/refuse", "").wants(t, 404, "basis-unknown")
	other.do("POST", at+"/bases/"+asked+"/withdraw", "").wants(t, 404, "basis-unknown")

	third := w.browser(t).signIn("citizen-03")
	third.get(at+"/requests").wants(t, 404, "mandate-unknown")
	third.do("POST", at+"/end", "").wants(t, 404, "mandate-unknown")
	double := agentWish(citizenAt(t, 2), "VIEW", "AUTHORISE", "WITHDRAW") // another person, by the text that was signed in for
	double["matters"], double["until"], double["notice_sm3"] = wish["matters"], wish["until"], wish["notice_sm3"]
	b.post("/v1/me/mandates", double).wants(t, 409, "notice-mismatch")
	wish["powers"] = []string{"VIEW"} // another text than the one that was signed in for
	b.post("/v1/me/mandates", wish).wants(t, 409, "notice-mismatch")
}

// TestGuardian: two officers register a child's guardian; what the child's age does not
// allow is refused; neither officer is a side of it.
func TestGuardian(t *testing.T) {
	w := newWorld(t)
	child, err := gateway.ParseIdentity(gateway.CitizenID, "440106201806011902") // of the sandbox: under 14 until 2032
	if err != nil {
		t.Fatal(err)
	}
	guardian := citizenAt(t, 1)
	w.asksFor(t, child, "8", "assistance-review")
	officer := w.browser(t).signIn("staff-approver-01")
	registration := map[string]any{
		"principal": map[string]string{"id_type": "111", "id_number": child.Number()}, "guardian": map[string]string{"id_type": "111", "id_number": guardian.Number()},
		"matters": []string{dibaoMatter}, "powers": []string{"VIEW", "AUTHORISE"}, "until": time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339), "evidence": someNotice,
	}
	made := officer.post("/v1/desk/mandates", registration)
	made.wants(t, 201, "")
	m := decode[httpapi.Mandate](t, made)
	at := "/v1/me/mandates/" + m.ID
	other := w.browser(t)
	other.stepUp("citizen-02", someNotice)
	other.get(at+"/requests").wants(t, 404, "mandate-unknown") // it waits for the second officer
	officer.do("POST", "/v1/desk/mandates/"+m.ID+"/confirmation", "").wants(t, 403, "second-person")
	second := w.browser(t).signIn("staff-issuer-01")
	if listed := decode[httpapi.MandateList](t, second.get("/v1/desk/mandates")).Mandates; len(listed) != 1 || listed[0].ID != m.ID {
		t.Errorf("what waits: %+v", listed)
	}
	second.do("POST", "/v1/desk/mandates/"+m.ID+"/confirmation", "").wants(t, 200, "")
	second.do("POST", "/v1/desk/mandates/"+m.ID+"/confirmation", "").wants(t, 409, "proposal-decided")

	waiting := decode[httpapi.ConsentRequestList](t, other.get(at+"/requests")).Requests
	if len(waiting) != 1 {
		t.Fatalf("%d wait", len(waiting))
	}
	granted := other.post(at+"/requests/"+waiting[0].ID+"/grant", map[string]any{"notice_sm3": waiting[0].Notice.SM3})
	granted.wants(t, 201, "")

	adult := registration
	adult["principal"] = map[string]string{"id_type": "111", "id_number": citizenAt(t, 0).Number()}
	adult["evidence"] = "none"
	officer.post("/v1/desk/mandates", adult).wants(t, 400, "")
	w.browser(t).signIn("staff-bureau-01").do("POST", "/v1/bureau/mandates/"+m.ID+"/end", "").wants(t, 204, "")
	other.get(at+"/requests").wants(t, 404, "mandate-unknown")
}
