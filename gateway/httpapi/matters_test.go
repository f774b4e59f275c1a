package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/grants/calendar"
	"kapok/gateway/httpapi"
	"kapok/gateway/ledger"
)

// movable is a clock that stands where it was put.
type movable struct {
	mu   sync.Mutex
	at   time.Time
	ring func(context.Context) error
}

func (m *movable) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *movable) Advance(ctx context.Context, by time.Duration) error {
	m.mu.Lock()
	m.at = m.at.Add(by)
	m.mu.Unlock()
	return m.ring(ctx)
}

func (m *movable) put(date string) {
	day, err := time.ParseInLocation(time.DateOnly, date, calendar.Zone)
	if err != nil {
		panic(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at = day.Add(9 * time.Hour)
}

func (w *world) openWorkflow(t testing.TB, known *catalog.Catalog) {
	t.Helper()
	w.clock = &movable{}
	w.clock.put("2026-04-27")
	days, err := calendar.Load(calendar.Published())
	if err != nil {
		t.Fatal(err)
	}
	if w.workflow, err = w.stores.db.Workflow(w.clock.Now); err != nil {
		t.Fatal(err)
	}
	w.grants = grants.New(grants.Config{
		Catalog: func() *catalog.Catalog { return known }, Store: w.workflow, Stops: w.stores.db, Log: w.stores.log,
		Days: days, Clock: w.clock.Now, Now: time.Now,
	})
	w.clock.ring = func(ctx context.Context) error { return w.workflow.RingDue(ctx, w.grants) }
}

const (
	insurance = "2020010003/000001"
	butie     = "tianhe-renshe-butie"
)

// wish is an application that states everything.
func wish(change ...func(map[string]any)) map[string]any {
	a := map[string]any{
		"system": butie, "item": insurance, "item_version": 1, "legal_provision": "sharing-20",
		"scene": "核对参保状态", "scope": "本区申请人", "method": "查询核验接口",
		"expires": time.Now().AddDate(1, 0, 0).UTC().Format("2006-01-02T15:04:05.000Z"),
		"fields":  []string{"name", "insured_state", "insured_kind"}, "operations": []string{"VERIFY", "VIEW"},
		"service_items": []string{"11440106KAPK0003022010614002000"}, "purposes": []string{"employment-subsidy"},
		"rate_per_second": 20, "daily_quota": 1000,
	}
	for _, c := range change {
		c(a)
	}
	return a
}

func (b *browser) apply(change ...func(map[string]any)) httpapi.Matter {
	b.t.Helper()
	filed := b.post("/v1/applications", wish(change...))
	filed.wants(b.t, 201, "")
	return decode[httpapi.Matter](b.t, filed)
}

func (b *browser) act(id, event string, more ...any) answer {
	b.t.Helper()
	body := map[string]any{"event": event}
	for i := 0; i < len(more); i += 2 {
		body[more[i].(string)] = more[i+1]
	}
	return b.post("/v1/matters/"+id+"/events", body)
}

func (b *browser) acted(id, event string, more ...any) httpapi.Matter {
	b.t.Helper()
	done := b.act(id, event, more...)
	done.wants(b.t, 200, "")
	return decode[httpapi.Matter](b.t, done)
}

func clockOf(t *testing.T, m httpapi.Matter, name string) httpapi.MatterClock {
	t.Helper()
	for _, c := range m.Clocks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no clock %s in %+v", name, m.Clocks)
	return httpapi.MatterClock{}
}

func dueOn(t *testing.T, m httpapi.Matter, name, lastDay string) {
	t.Helper()
	if got := clockOf(t, m, name).Due.In(calendar.Zone).Add(-time.Minute).Format(time.DateOnly); got != lastDay {
		t.Errorf("%s: the last day is %s, want %s", name, got, lastDay)
	}
}

// TestApplicationToGrant goes the whole way of an application, over the Labour days
// with the Saturday that is worked.
func TestApplicationToGrant(t *testing.T) {
	w := newWorld(t)
	consumer, provider := w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-provider-03")

	m := consumer.apply(without("scene"), without("expires"), without("purposes"))
	var missing []string
	for _, part := range m.Missing {
		missing = append(missing, part.Part)
	}
	if m.State != "INCOMPLETE" || strings.Join(missing, " ") != "scene expires purposes" || len(m.Clocks) != 0 {
		t.Fatalf("filed as %s, missing %v, clocks %v", m.State, missing, m.Clocks)
	}
	provider.act(m.ID, "approved").wants(t, 409, "matter-state")
	p := consumer.act(m.ID, "completed", "application", wish(without("scene"), without("purposes"))).wants(t, 409, "application-incomplete")
	if strings.Join(p.Fields, " ") != "scene purposes" {
		t.Errorf("still missing %v", p.Fields)
	}

	m = consumer.acted(m.ID, "completed", "application", wish())
	dueOn(t, m, "answer-conditional", "2026-05-13")
	w.clock.put("2026-04-29") // two days used
	m = provider.acted(m.ID, "missing-told", "reason_code", "not-complete", "reason", "请说明场景", "missing", []map[string]string{{"part": "scene", "zh": "场景", "en": "scene"}})
	if c := clockOf(t, m, "answer-conditional"); c.State != "paused" || c.Used != 2 || !c.Due.IsZero() {
		t.Errorf("paused %+v", c)
	}
	w.clock.put("2026-05-11")
	m = consumer.acted(m.ID, "completed", "application", wish(with("scene", "核对申请人的参保状态")))
	dueOn(t, m, "answer-conditional", "2026-05-21") // eight days after the 11th
	provider.act(m.ID, "missing-told", "reason_code", "not-complete", "reason", "又一次", "missing", []map[string]string{{"part": "scope", "zh": "范围", "en": "scope"}}).wants(t, 409, "once-only")
	provider.act(m.ID, "extended").wants(t, 400, "reason-missing")
	m = provider.acted(m.ID, "extended", "reason_code", "needs-time", "reason", "需要核实")
	dueOn(t, m, "answer-conditional", "2026-06-04")
	provider.act(m.ID, "extended", "reason_code", "needs-time", "reason", "再延").wants(t, 409, "once-only")

	m = provider.acted(m.ID, "narrowed", "reason_code", "beyond-duty", "reason", "险种与补贴无关",
		"application", wish(with("scene", "核对申请人的参保状态"), with("fields", []string{"name", "insured_state"}), with("daily_quota", 500), with("expires", m.Application.Expires)))
	if m.State != "APPROVED" || clockOf(t, m, "answer-conditional").State != "done" {
		t.Fatalf("approved as %+v", m)
	}
	dueOn(t, m, "delivery", "2026-06-08")
	held := decode[httpapi.GrantPage](t, consumer.get("/v1/grants"))
	if len(held.Grants) != 1 || held.Grants[0].State != "ACTIVE" || strings.Join(held.Grants[0].Terms.Fields, " ") != "name insured_state" || held.Grants[0].Terms.DailyQuota != 500 {
		t.Fatalf("held %+v", held)
	}
	inForce, err := w.stores.db.InForce(t.Context(), butie, insurance)
	if err != nil || len(inForce) != 1 || inForce[0].ID != held.Grants[0].ID || inForce[0].LegalProvision != "sharing-20" {
		t.Fatalf("in force %+v, %v", inForce, err)
	}
	if m = consumer.acted(m.ID, "delivered"); m.State != "DELIVERED" || clockOf(t, m, "delivery").Late {
		t.Errorf("delivered %+v", m)
	}
	w.recorded(t, "application-submitted-incomplete", "application-completed", "application-missing-told", "application-extended", "application-narrowed", "application-delivered")
}

// recorded wants entries of these kinds in the ledger.
func (w *world) recorded(t *testing.T, kinds ...string) {
	t.Helper()
	entries, err := w.stores.db.Ledger().Recent(t.Context(), nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range kinds {
		found := false
		for _, e := range entries {
			found = found || string(e.Entry.Kind) == kind
		}
		if !found {
			t.Errorf("the ledger holds no %s", kind)
		}
	}
}

// TestBadApplications: refused with the reason, and nothing is filed.
func TestBadApplications(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t).signIn("staff-consumer-01")
	for name, c := range map[string]struct {
		change func(map[string]any)
		status int
		code   string
		field  string
	}{
		"fields that do not exist":    {with("fields", []string{"name", "shoe_size"}), 412, "fields-unknown", "/fields"},
		"an item that does not exist": {with("item", "9990010001/000001"), 400, "field-invalid", "/item"},
		"an item that is not shared":  {with("item", "1010010004/000001"), 403, "item-not-shared", ""},
		"another version":             {with("item_version", 7), 400, "field-invalid", "/item_version"},
		"another's system":            {with("system", "tianhe-minzheng-dibao"), 400, "field-invalid", "/system"},
		"another's matter":            {with("service_items", []string{"11440106KAPK0002272010511001000"}), 400, "field-invalid", "/service_items"},
		"another's provision":         {with("legal_provision", "social-assistance-58"), 400, "field-invalid", "/legal_provision"},
		"an unknown purpose":          {with("purposes", []string{"curiosity"}), 400, "field-invalid", "/purposes"},
		"the past":                    {with("expires", "2020-01-01T00:00:00.000Z"), 400, "field-invalid", "/expires"},
		"an hour that ends first":     {with("hours", []map[string]any{{"days": []int{1}, "from": 600, "until": 540}}), 400, "field-invalid", "/hours"},
		"no network":                  {with("networks", []string{"10.0.0.0/40"}), 400, "field-invalid", "/networks"},
		"another's grant renewed":     {with("renews", strings.Repeat("0", 32)), 400, "field-invalid", "/renews"},
	} {
		t.Run(name, func(t *testing.T) {
			if p := b.post("/v1/applications", wish(c.change)).wants(t, c.status, c.code); p.Field != c.field {
				t.Errorf("field %q, want %q", p.Field, c.field)
			}
		})
	}
	w.clock.put("2026-12-21") // ten days from here end in a year without a calendar
	if p := b.post("/v1/applications", wish()).wants(t, 409, "calendar-missing"); !strings.Contains(p.Detail+p.Remedy, "2027") {
		t.Errorf("the year is not named: %+v", p)
	}
	if page := decode[httpapi.MatterPage](t, b.get("/v1/matters")); len(page.Matters) != 0 {
		t.Errorf("half applied: %+v", page)
	}
}

// TestNobodyAppliesAndApproves, through whatever roles or accounts.
func TestNobodyAppliesAndApproves(t *testing.T) {
	w := newWorld(t)
	m := w.browser(t).signIn("staff-consumer-01").apply()
	w.browser(t).signIn("staff-consumer-01").act(m.ID, "approved").wants(t, 403, "not-your-turn")
	w.browser(t).signIn("staff-bureau-01").act(m.ID, "approved").wants(t, 403, "not-your-turn")
	same(t, w.browser(t).signIn("staff-provider-01").act(m.ID, "approved"), w.browser(t).signIn("staff-provider-01").act(strings.Repeat("0", 32), "approved"))

	both := grants.Person{Ref: "two-roles", Department: "mohrss", Roles: []string{"consumer", "provider"}}
	own, err := w.grants.Complain(t.Context(), both, grants.Complaint{Kind: grants.Correction, Item: insurance, Reason: "r"})
	if err != nil {
		t.Fatal(err)
	}
	twoAccounts := grants.Person{Ref: "other-account", SubjectRef: strings.Repeat("a", 32), Department: "mohrss", Roles: []string{"provider"}}
	accept := grants.Act{Matter: own.ID, Event: grants.Accept, Reason: "r"}
	if _, err := w.grants.Act(t.Context(), both, accept); gateway.AsError(err).Code != "same-person" {
		t.Errorf("one account for both sides: %v", err)
	}
	if _, err := w.grants.Act(t.Context(), twoAccounts, accept); err != nil {
		t.Errorf("the other side: %v", err)
	}
}

// TestOneDepartmentNeverReachesAnothers: what is another's looks as if it did not exist.
func TestOneDepartmentNeverReachesAnothers(t *testing.T) {
	w := newWorld(t)
	m := w.browser(t).signIn("staff-consumer-01").apply()
	w.browser(t).signIn("staff-provider-03").acted(m.ID, "approved")
	grant := decode[httpapi.GrantPage](t, w.browser(t).signIn("staff-consumer-01").get("/v1/grants")).Grants[0].ID
	none := strings.Repeat("0", 32)
	for _, stranger := range []string{"staff-consumer-02", "staff-provider-01", "staff-provider-02"} {
		b := w.browser(t).signIn(stranger)
		if page := decode[httpapi.MatterPage](t, b.get("/v1/matters")); len(page.Matters) != 0 {
			t.Errorf("%s lists %+v", stranger, page)
		}
		if page := decode[httpapi.GrantPage](t, b.get("/v1/grants")); len(page.Grants) != 0 {
			t.Errorf("%s lists %+v", stranger, page)
		}
		same(t, b.get("/v1/matters/"+m.ID), b.get("/v1/matters/"+none))
		for _, event := range []string{"withdrawn", "delivered", "approved", "completed"} {
			if got := b.act(m.ID, event); got.StatusCode != 404 {
				t.Errorf("%s: %s answers %d", stranger, event, got.StatusCode)
			}
		}
		stop := map[string]any{"event": "revoked", "reason": "r"}
		same(t, b.post("/v1/grants/"+grant+"/events", stop), b.post("/v1/grants/"+none+"/events", stop))
		b.post("/v1/objections", map[string]any{"kind": "objection", "item": insurance, "about": m.ID, "reason": "r"}).wants(t, 400, "field-invalid")
	}
	for _, stranger := range []string{"citizen-01", "staff-approver-01"} {
		w.browser(t).signIn(stranger).get("/v1/matters").wants(t, 403, "role-missing")
	}
	seen := decode[httpapi.Matter](t, w.browser(t).signIn("staff-consumer-01").get("/v1/matters/"+m.ID))
	if seen.State != "APPROVED" || slices.ContainsFunc(seen.Events, func(e httpapi.MatterEvent) bool { return e.Actor != "" }) {
		t.Errorf("the applicant sees %+v", seen)
	}
	if seen := decode[httpapi.Matter](t, w.browser(t).signIn("staff-auditor-01").get("/v1/matters/"+m.ID)); seen.Events[1].Actor != "staff-provider-03" {
		t.Errorf("the auditor sees %+v", seen.Events)
	}
}

// TestLateIsToldAndListed: what is not answered in time rings by itself.
func TestLateIsToldAndListed(t *testing.T) {
	w := newWorld(t)
	consumer := w.browser(t).signIn("staff-consumer-01")
	m := consumer.apply() // due at the end of May 13
	for _, c := range []struct {
		hours int
		rang  string
		late  int
	}{
		{24 * 15, "", 0},
		{24, "due-soon", 0}, // the morning of the 13th
		{24, "due-soon late", 1},
		{24 * 7, "due-soon late escalated", 1},
		{24 * 30, "due-soon late escalated", 1},
	} {
		consumer.do(http.MethodPost, "/v1/trial/clock", fmt.Sprintf(`{"hours":%d}`, c.hours)).wants(t, 200, "")
		var rang []string
		for _, e := range decode[httpapi.Matter](t, consumer.get("/v1/matters/"+m.ID)).Events[1:] {
			rang = append(rang, e.Event)
		}
		if strings.Join(rang, " ") != c.rang {
			t.Errorf("at %s it rang %v, want %q", w.clock.Now(), rang, c.rang)
		}
		if page := decode[httpapi.MatterPage](t, w.browser(t).signIn("staff-bureau-01").get("/v1/matters?late=true")); len(page.Matters) != c.late {
			t.Errorf("at %s late are %d", w.clock.Now(), len(page.Matters))
		}
	}
	if m := w.browser(t).signIn("staff-provider-03").acted(m.ID, "refused", "reason_code", "not-held", "reason", "不掌握"); !clockOf(t, m, "answer-conditional").Late || m.State != "REFUSED" {
		t.Errorf("answered late: %+v", m)
	}
	w.recorded(t, "application-late", "application-escalated", "application-refused")
}

// TestCorrectionAndTheLadder: a correction, its refusal, coordination, the report.
func TestCorrectionAndTheLadder(t *testing.T) {
	w := newWorld(t)
	consumer, provider, bureau := w.browser(t).signIn("staff-consumer-01"), w.browser(t).signIn("staff-provider-03"), w.browser(t).signIn("staff-bureau-01")
	filed := consumer.post("/v1/objections", map[string]any{"kind": "correction", "item": insurance, "fields": []string{"insured_state"}, "reason": "参保状态与经办系统不一致"})
	filed.wants(t, 201, "")
	m := decode[httpapi.Matter](t, filed)
	dueOn(t, m, "correction", "2026-05-13")
	consumer.act(m.ID, "coordination-asked", "reason", "太慢").wants(t, 409, "not-late")
	provider.acted(m.ID, "maintained", "reason", "核实无误")
	consumer.act(m.ID, "settled", "reason", "r").wants(t, 409, "matter-state")
	m = consumer.acted(m.ID, "coordination-asked", "reason", "附有凭证")
	bureau.act(m.ID, "accepted", "reason", "r").wants(t, 409, "matter-state")
	consumer.act(m.ID, "settled", "reason", "r").wants(t, 403, "not-your-turn")
	bureau.acted(m.ID, "reported", "reason", "协调不成")
	if m = bureau.acted(m.ID, "decided", "reason", "本级政府决定更正"); m.State != "DECIDED" {
		t.Errorf("it ends as %s", m.State)
	}
	other := consumer.post("/v1/objections", map[string]any{"kind": "correction", "item": insurance, "reason": "r"})
	late := decode[httpapi.Matter](t, other)
	w.clock.put("2026-05-14")
	if late = consumer.acted(late.ID, "coordination-asked", "reason", "逾期未答复"); late.State != "COORDINATION" || !clockOf(t, late, "correction").Late {
		t.Errorf("past its term: %+v", late)
	}
}

func TestCatalogUpdateHasItsTerms(t *testing.T) {
	w := newWorld(t)
	provider, bureau := w.browser(t).signIn("staff-provider-03"), w.browser(t).signIn("staff-bureau-01")
	provider.post("/v1/catalog-updates", map[string]any{"item": insurance, "reason": "r"}).wants(t, 403, "role-missing")
	filed := bureau.post("/v1/catalog-updates", map[string]any{"item": insurance, "reason": "职责调整"})
	filed.wants(t, 201, "")
	m := decode[httpapi.Matter](t, filed)
	dueOn(t, m, "update", "2026-05-13")
	m = provider.acted(m.ID, "extended", "reason", "字段较多")
	dueOn(t, m, "update", "2026-05-20")
	m = provider.acted(m.ID, "handed-in")
	dueOn(t, m, "update-review", "2026-04-29")
	if m = bureau.acted(m.ID, "accepted"); m.State != "DONE" {
		t.Errorf("it ends as %s", m.State)
	}
}

func TestGrantIsSuspendedResumedRevoked(t *testing.T) {
	w := newWorld(t)
	m := w.browser(t).signIn("staff-consumer-01").apply()
	provider := w.browser(t).signIn("staff-provider-03")
	provider.acted(m.ID, "approved")
	grant := decode[httpapi.GrantPage](t, provider.get("/v1/grants")).Grants[0].ID
	path := "/v1/grants/" + grant + "/events"
	w.browser(t).signIn("staff-consumer-01").post(path, map[string]any{"event": "suspended", "reason": "r"}).wants(t, 403, "not-your-turn")
	for _, c := range []struct {
		event   string
		status  int
		code    string
		stopped bool
	}{
		{"resumed", 409, "grant-state", false},
		{"suspended", 200, "", true},
		{"suspended", 409, "grant-state", true},
		{"resumed", 200, "", false},
		{"revoked", 200, "", true},
		{"resumed", 409, "grant-state", true},
	} {
		provider.post(path, map[string]any{"event": c.event, "reason": "r"}).wants(t, c.status, c.code)
		if got := w.stopped(t, "grant", grant); got != c.stopped {
			t.Errorf("after %s stopped is %v", c.event, got)
		}
	}
	if inForce, err := w.stores.db.InForce(t.Context(), butie, insurance); err != nil || len(inForce) != 0 {
		t.Errorf("revoked and in force: %+v, %v", inForce, err)
	}
}

// TestEmergencyStop: one person stops, two reopen, and each time it bites at once.
func TestEmergencyStop(t *testing.T) {
	w := newWorld(t)
	bureau, approver := w.browser(t).signIn("staff-bureau-01"), w.browser(t).signIn("staff-approver-01")
	stop := map[string]any{"kind": "department", "target": "tianhe-renshe", "reason": "疑似泄露"}
	w.browser(t).signIn("staff-provider-03").post("/v1/stops", stop).wants(t, 403, "role-missing")
	bureau.post("/v1/stops", map[string]any{"kind": "item", "target": "none", "reason": "r"}).wants(t, 400, "field-invalid")
	made := bureau.post("/v1/stops", stop)
	made.wants(t, 201, "")
	s := decode[httpapi.Stop](t, made)
	if !w.stopped(t, "department", "tianhe-renshe") {
		t.Error("it does not stop")
	}
	bureau.post("/v1/stops", stop).wants(t, 409, "stop-open")
	reopening, why := "/v1/stops/"+s.ID+"/reopening", map[string]any{"reason": "已排查"}
	bureau.post(reopening, why).wants(t, 200, "")
	bureau.post(reopening, why).wants(t, 403, "same-person")
	if !w.stopped(t, "department", "tianhe-renshe") {
		t.Error("one person reopened it")
	}
	approver.post(reopening, why).wants(t, 200, "")
	approver.post(reopening, why).wants(t, 409, "stop-closed")
	if w.stopped(t, "department", "tianhe-renshe") {
		t.Error("two people did not reopen it")
	}
	seen := decode[httpapi.StopList](t, w.browser(t).signIn("staff-consumer-01").get("/v1/stops"))
	if len(seen.Stops) != 1 || seen.Stops[0].Open || len(seen.Stops[0].Events) != 3 || seen.Stops[0].Events[0].Actor != "" {
		t.Errorf("seen %+v", seen)
	}
	w.recorded(t, "emergency-stopped", "emergency-reopening-proposed", "emergency-reopened")
	bureau.post("/v1/stops", stop).wants(t, 201, "")
}

// TestUnusedRightsAreProposedToBeNarrowed: after a month, what was never used.
func TestUnusedRightsAreProposedToBeNarrowed(t *testing.T) {
	w := newWorld(t)
	m := w.browser(t).signIn("staff-consumer-01").apply()
	provider := w.browser(t).signIn("staff-provider-03")
	provider.acted(m.ID, "approved")
	g, err := w.workflow.Grant(t.Context(), decode[httpapi.GrantPage](t, provider.get("/v1/grants")).Grants[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	used := grants.Usage{Grant: g.ID, Since: g.IssuedAt, Fields: []string{"name"}, Operations: []gateway.Operation{gateway.View}}
	if _, reported, err := w.grants.Review(t.Context(), g, used); err != nil || reported {
		t.Errorf("a new grant is reported: %v", err)
	}
	g.IssuedAt = g.IssuedAt.AddDate(0, 0, -31)
	proposed, reported, err := w.grants.Review(t.Context(), g, used)
	if err != nil || !reported {
		t.Fatal(reported, err)
	}
	if done := provider.acted(proposed.ID, "narrowed"); done.State != "NARROWED" {
		t.Errorf("it ends as %s", done.State)
	}
	held, err := w.stores.db.InForce(t.Context(), butie, insurance)
	if err != nil || len(held) != 1 || strings.Join(held[0].Fields, " ") != "name" || len(held[0].Operations) != 1 || !w.stopped(t, "grant", g.ID) {
		t.Errorf("in force %+v, %v", held, err)
	}
}

// stopped asks the ledger, as an exchange does.
func (w *world) stopped(t *testing.T, kind, id string) bool {
	t.Helper()
	sealed, err := w.stores.log.Append(t.Context(), ledger.Append{
		Stops: []ledger.Stop{{Kind: kind, ID: id}},
		Entry: func(ledger.Found) ledger.Entry { return ledger.Entry{Kind: "probe", At: time.Now()} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return len(sealed.Found.Stopped) > 0
}
