package httpapi_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway"
	"kapok/gateway/httpapi"
	"kapok/gateway/safe"
)

const someNotice = "00000000000000000000000000000000000000000000000000000000000000ab"

// asked lets a department ask the first citizen for a written consent.
func (w *world) asked(t *testing.T) {
	t.Helper()
	known, err := catalog.Load(catalog.Example(), map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": w.provider.URL})
	if err != nil {
		t.Fatal(err)
	}
	register, err := people.NewRegister(people.Named)
	if err != nil {
		t.Fatal(err)
	}
	citizen, err := gateway.ParseIdentity(gateway.CitizenID, register.At(0).Number)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := w.stores.people.SubjectRef(t.Context(), citizen)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.stores.safe(known).Ask(t.Context(), strings.Repeat("5", 32), ref, safe.Wanted{
		Department: "tianhe-minzheng", System: "tianhe-minzheng-dibao", Item: "2020010003/000001", Fields: []string{"insured_state", "base_wage"},
		Operation: gateway.View, ServiceItem: "11440106KAPK0002272010511001000", Purpose: "assistance-review", CaseNo: "DB-1",
		Expires: time.Now().Add(24 * time.Hour), MaxUses: 3, Template: "dibao-insurance-written",
	}, safe.Request{})
	if err != nil {
		t.Fatal(err)
	}
}

// stepUp signs in for one notice.
func (b *browser) stepUp(subject, notice string) {
	b.t.Helper()
	begun := b.get("/auth/login?return_to=/v1/me&level=L3&for=" + notice)
	at, err := url.Parse(begun.Header.Get("Location"))
	if err != nil {
		b.t.Fatal(err)
	}
	if q := at.Query(); q.Get("prompt") != "login" || q.Get("max_age") != "0" {
		b.t.Errorf("the provider is asked %v", q)
	}
	if back := b.get(b.atProvider(at.String(), subject)); back.Header.Get("Location") != "/v1/me" {
		b.t.Fatalf("callback: %d %s", back.StatusCode, back.body)
	}
	b.csrf = decode[httpapi.Me](b.t, b.get("/v1/me")).CSRFToken
}

// TestWrittenConsent is given only by a sign-in for exactly its notice.
func TestWrittenConsent(t *testing.T) {
	w := newWorld(t)
	w.asked(t)
	b := w.browser(t).signIn("citizen-01")
	waiting := decode[httpapi.ConsentRequestList](t, b.get("/v1/me/requests")).Requests
	if len(waiting) != 1 || waiting[0].Kind != "WRITTEN_CONSENT" {
		t.Fatalf("waiting %+v", waiting)
	}
	grant := "/v1/me/requests/" + waiting[0].ID + "/grant"
	agreed := map[string]any{"notice_sm3": waiting[0].Notice.SM3, "separate": waiting[0].Sensitive, "optional": []string{}}
	b.post(grant, agreed).wants(t, 403, "step-up-missing")

	b.stepUp("citizen-01", someNotice) // for another notice
	b.post(grant, agreed).wants(t, 403, "step-up-missing")

	b.stepUp("citizen-02", waiting[0].Notice.SM3) // by another person
	b.post(grant, agreed).wants(t, 404, "basis-unknown")

	b.stepUp("citizen-01", waiting[0].Notice.SM3)
	granted := b.post(grant, agreed)
	granted.wants(t, 201, "")
	if made := decode[httpapi.Basis](t, granted); made.Kind != httpapi.BasisKindWRITTENCONSENT {
		t.Errorf("granted %+v", made)
	}
}

// TestStepUpIsFor refuses what is no digest before anybody is sent anywhere.
func TestStepUpIsFor(t *testing.T) {
	w := newWorld(t)
	for _, bad := range []string{"x", strings.Repeat("A", 64), someNotice + "0"} {
		w.browser(t).get("/auth/login?for="+bad).wants(t, 400, "field-invalid")
	}
}

// TestOlderSignInIsNoStepUp: a provider that leaves the new sign-in out is not believed.
func TestOlderSignInIsNoStepUp(t *testing.T) {
	w := newWorld(t, func(c *httpapi.Config) { c.Now = func() time.Time { return time.Now().Add(2 * time.Minute) } })
	b := w.browser(t)
	begun := b.get("/auth/login?for=" + someNotice)
	b.get(b.atProvider(begun.Header.Get("Location"), "citizen-01")).wants(t, 401, "sign-in-invalid")
}

// TestChildrenDoNotConsent: under 14 a guardian does (PIPL 31), and the child's wish changes nothing.
func TestChildrenDoNotConsent(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("citizen-child")
	wish := terms()
	wish["notice_sm3"] = decode[httpapi.Notice](t, b.post("/v1/me/bases/notice", wish)).SM3
	b.post("/v1/me/bases", wish).wants(t, 403, "guardian-needed")
	if held := decode[httpapi.BasisList](t, b.get("/v1/me/bases")); len(held.Bases) != 0 {
		t.Errorf("a child holds %+v", held.Bases)
	}
}
