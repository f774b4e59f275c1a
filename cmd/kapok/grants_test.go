package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/safe"
	"kapok/policies"
)

const (
	insurance   = "2020010003/000001"
	butie       = "tianhe-renshe-butie"
	butieMatter = "11440106KAPK0003022010614002000"
)

var (
	applicant = grants.Person{Ref: "staff-consumer-01", Department: "tianhe-renshe", Roles: []string{"consumer"}}
	answerer  = grants.Person{Ref: "staff-provider-03", Department: "mohrss", Roles: []string{"provider"}}
)

// apply files an application that states everything.
func (w *world) apply(node int, change func(*grants.Terms)) grants.Matter {
	w.t.Helper()
	terms := grants.Terms{
		System: butie, Item: insurance, ItemVersion: 1, LegalProvision: "sharing-20", Scene: "s", Scope: "s", Method: "m",
		Expires: time.Now().AddDate(1, 0, 0), Fields: []string{"name", "insured_state", "insured_kind"},
		Operations: []gateway.Operation{gateway.Verify, gateway.View}, ServiceItems: []string{butieMatter},
		Purposes: []string{"employment-subsidy"}, RatePerSecond: 1000, DailyQuota: 1000,
	}
	change(&terms)
	m, missing, err := w.nodes[node].workflow.service.Apply(w.t.Context(), applicant, terms)
	if err != nil || len(missing) > 0 {
		w.t.Fatal(err, missing)
	}
	return m
}

// granted goes the whole way on one node and returns the grant.
func (w *world) granted(node int, change func(*grants.Terms)) grants.Grant {
	w.t.Helper()
	m := w.apply(node, change)
	service := w.nodes[node].workflow.service
	if _, err := service.Act(w.t.Context(), answerer, grants.Act{Matter: m.ID, Event: grants.Approve}); err != nil {
		w.t.Fatal(err)
	}
	page, _, err := service.ListGrants(w.t.Context(), applicant, grants.Filter{}, "", 1)
	if err != nil || len(page) != 1 {
		w.t.Fatal(err, page)
	}
	return page[0]
}

// duty registers the basis that the subsidy's calls rest on; it needs a grant.
func (w *world) duty() string {
	w.t.Helper()
	opened, err := w.safe(0).Register(w.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-renshe", System: butie, Item: insurance, Fields: []string{"name", "insured_state"}, Operation: gateway.View,
		ServiceItem: butieMatter, Purpose: "employment-subsidy", Expires: time.Now().Add(time.Hour),
	}, "sharing-20")
	if err != nil {
		w.t.Fatal(err)
	}
	return opened.ID
}

func (c *caller) askInsurance(node int, basisID string) answer {
	c.w.t.Helper()
	shot := c.shot(insuranceAsk(basisID))
	shot.node = node
	return c.send(shot)
}

func insuranceAsk(basisID string) string {
	body, err := json.Marshal(map[string]any{
		"item": insurance, "fields": []string{"name", "insured_state"}, "operation": "VIEW",
		"subject":      map[string]string{"id_type": "111", "id_number": firstCitizen()},
		"service_item": butieMatter, "case_no": "BT-2026-000001", "officer_ref": "officer-0002",
		"purpose": "employment-subsidy", "basis_id": basisID,
	})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// wants checks the status and, of a problem, the code.
func (a answer) wants(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status || code != "" && a.problem(t).Code != code {
		t.Fatalf("answered %d %s, want %d %s", a.status, a.body, status, code)
	}
}

// TestGrantBitesOnEveryNode: what is approved, suspended, resumed or revoked on one
// node is so on the very next call of another.
func TestGrantBitesOnEveryNode(t *testing.T) {
	w := newWorld(t, 2)
	c := w.enrol(butie)
	c.askInsurance(1, "").wants(t, http.StatusForbidden, "grant-missing")
	g := w.granted(0, func(*grants.Terms) {})
	basis := w.duty()
	c.askInsurance(1, basis).wants(t, http.StatusOK, "")
	for _, step := range []struct {
		event  grants.GrantEvent
		status int
		code   string
	}{
		{grants.Suspend, http.StatusForbidden, "grant-suspended"},
		{grants.Resume, http.StatusOK, ""},
		{grants.Revoke, http.StatusForbidden, "grant-missing"},
	} {
		if _, err := w.nodes[0].workflow.service.ActOnGrant(t.Context(), answerer, grants.GrantAct{Grant: g.ID, Event: step.event, Reason: "r"}); err != nil {
			t.Fatal(err)
		}
		c.askInsurance(1, basis).wants(t, step.status, step.code)
	}
	next := w.granted(0, func(*grants.Terms) {}) // another takes its place, on the next call
	c.askInsurance(1, basis).wants(t, http.StatusOK, "")

	w.expire(next)
	late := w.nodes[1].adopted(t, func() answer { return c.askInsurance(1, basis) }, http.StatusForbidden)
	late.wants(t, http.StatusForbidden, "grant-missing")
	_, _, err := w.nodes[0].workflow.service.Apply(t.Context(), applicant, grants.Terms{System: butie, Item: household, ItemVersion: 1, Renews: next.ID})
	if failure := gateway.AsError(err); failure.Field != "/renews" {
		t.Errorf("a grant over one item was renewed for another: %v", err)
	}
	renewed := w.granted(0, func(terms *grants.Terms) { terms.Renews = next.ID })
	m, err := w.nodes[1].workflow.store.Matter(t.Context(), renewed.Matter)
	if err != nil || m.About != next.ID || renewed.ID == next.ID {
		t.Errorf("the renewal is about %q, %v", m.About, err)
	}
	c.askInsurance(1, basis).wants(t, http.StatusOK, "")
	w.renewsWithoutAGap(c, renewed, basis)
}

// renewsWithoutAGap: while calls run on one node, a grant is renewed on the other. No call
// fails, and the old grant has ended when the new one is in force.
func (w *world) renewsWithoutAGap(c *caller, old grants.Grant, basis string) {
	t := w.t
	t.Helper()
	renewed := make(chan grants.Grant, 1)
	m := w.apply(0, func(terms *grants.Terms) { terms.Renews, terms.DailyQuota = old.ID, 999 })
	go func() {
		defer close(renewed)
		service := w.nodes[0].workflow.service
		if _, err := service.Act(t.Context(), answerer, grants.Act{Matter: m.ID, Event: grants.Approve}); err != nil {
			t.Error(err)
			return
		}
		if page, _, err := service.ListGrants(t.Context(), applicant, grants.Filter{}, "", 1); err == nil && len(page) == 1 {
			renewed <- page[0]
		}
	}()
	for ended := false; !ended; {
		c.askInsurance(1, basis).wants(t, http.StatusOK, "")
		select {
		case fresh, known := <-renewed:
			if !known || fresh.DailyQuota != 999 {
				t.Fatalf("renewed as %+v", fresh)
			}
			ended = true
		default:
		}
	}
	c.askInsurance(1, basis).wants(t, http.StatusOK, "")
	got, err := w.nodes[1].workflow.store.Grant(t.Context(), old.ID)
	if err != nil || got.State != grants.Superseded {
		t.Errorf("the renewed grant is %s, %v", got.State, err)
	}
}

// expire has a grant end now.
func (w *world) expire(g grants.Grant) {
	w.t.Helper()
	g.Expires = time.Now()
	document, err := json.Marshal(g.Grant)
	if err != nil {
		w.t.Fatal(err)
	}
	db, err := pgx.Connect(w.t.Context(), w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close(w.t.Context())
	if _, err := db.Exec(w.t.Context(), "update grants set document = $2, expires_at = $3 where grant_id = $1", g.ID, document, g.Expires); err != nil {
		w.t.Fatal(err)
	}
}

// adopted has the node read the grants anew until an answer has a status: its own
// reading, begun before, may end after.
func (n *node) adopted(t *testing.T, ask func() answer, status int) answer {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		seen := int64(-1)
		if err := n.adoptGrants(t.Context(), &seen); err != nil {
			t.Fatal(err)
		}
		if got := ask(); got.status == status || time.Now().After(deadline) {
			return got
		}
	}
}

// TestQuotaIsExactOverNodes: two nodes release what the quota says, not one more.
func TestQuotaIsExactOverNodes(t *testing.T) {
	w := newWorld(t, 2)
	c := w.enrol(butie)
	w.granted(0, func(terms *grants.Terms) { terms.DailyQuota = 5 })
	basis, released := w.duty(), 0
	for i := range 9 {
		got := c.askInsurance(i%2, basis)
		if got.status == http.StatusOK {
			released++
			continue
		}
		got.wants(t, http.StatusTooManyRequests, "quota-exceeded")
		if wait, err := strconv.Atoi(got.header.Get("Retry-After")); err != nil || wait < 1 || wait > 24*3600 {
			t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
		}
	}
	if released != 5 {
		t.Errorf("%d were released of a quota of 5", released)
	}
}

func TestRateIsKept(t *testing.T) {
	w := newWorld(t, 1)
	c := w.enrol(butie)
	w.granted(0, func(terms *grants.Terms) { terms.RatePerSecond = 1 })
	basis := w.duty()
	c.askInsurance(0, basis).wants(t, http.StatusOK, "")
	got := c.askInsurance(0, basis)
	got.wants(t, http.StatusTooManyRequests, "rate-exceeded")
	if got.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
	}
	time.Sleep(1100 * time.Millisecond)
	c.askInsurance(0, basis).wants(t, http.StatusOK, "")
}

func TestHoursAndNetworksAreKept(t *testing.T) {
	w := newWorld(t, 1)
	c := w.enrol(butie)
	elsewhere := w.granted(0, func(terms *grants.Terms) { terms.Networks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	basis := w.duty()
	c.askInsurance(0, basis).wants(t, http.StatusForbidden, "grant-network")
	end := func(g grants.Grant) {
		if _, err := w.nodes[0].workflow.service.ActOnGrant(t.Context(), answerer, grants.GrantAct{Grant: g.ID, Event: grants.Revoke, Reason: "r"}); err != nil {
			t.Fatal(err)
		}
		all, err := w.nodes[0].database.AllInForce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.nodes[0].exchange.AdoptGrants(all)
	}
	end(elsewhere)
	tomorrow := int(time.Now().In(time.FixedZone("CST", 8*3600)).Weekday())%7 + 1
	end(w.granted(0, func(terms *grants.Terms) {
		terms.Hours = []policies.Hours{{Days: []int{tomorrow}, From: 0, Until: 1440}}
	}))
	w.granted(0, func(terms *grants.Terms) {
		terms.Hours = []policies.Hours{{Days: []int{tomorrow}, From: 0, Until: 1440}}
	})
	c.askInsurance(0, basis).wants(t, http.StatusForbidden, "grant-hours")
	w.granted(0, func(terms *grants.Terms) { terms.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	c.askInsurance(0, basis).wants(t, http.StatusOK, "")
}

// TestOneNodeRingsAClock: both nodes work on jobs; each clock rings once.
func TestOneNodeRingsAClock(t *testing.T) {
	w := newWorld(t, 2)
	var filed []string
	for range 5 {
		filed = append(filed, w.apply(0, func(*grants.Terms) {}).ID)
	}
	for _, n := range w.nodes {
		n.workflow.trial.mu.Lock()
		n.workflow.trial.ahead = 40 * 24 * time.Hour
		n.workflow.trial.mu.Unlock()
	}
	db, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	due, err := db.Exec(t.Context(), "update river.river_job set state = 'available', scheduled_at = now() where kind = 'clock-rings' and state = 'scheduled'")
	if err != nil || due.RowsAffected() != 5 {
		t.Fatalf("%d jobs were enqueued with their applications: %v", due.RowsAffected(), err)
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		var done int
		if err := db.QueryRow(t.Context(), "select count(*) from river.river_job where kind = 'clock-rings' and state = 'completed'").Scan(&done); err != nil {
			t.Fatal(err)
		}
		if done >= 5 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of 5 jobs were worked", done)
		}
	}
	for _, id := range filed {
		m, err := w.nodes[1].workflow.store.Matter(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var rang []string
		for _, e := range m.Events[1:] {
			rang = append(rang, string(e.Event))
		}
		if strings.Join(rang, " ") != "due-soon late escalated" {
			t.Errorf("it rang %v", rang)
		}
	}
}

// TestUnusedRightsAreReportedMonthly, from what the ledger says was released.
func TestUnusedRightsAreReportedMonthly(t *testing.T) {
	w := newWorld(t, 1)
	c := w.enrol(butie)
	g := w.granted(0, func(*grants.Terms) {})
	c.askInsurance(0, w.duty()).wants(t, http.StatusOK, "")
	db, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	if _, err := db.Exec(t.Context(), "update grants set issued_at = issued_at - interval '40 days'"); err != nil {
		t.Fatal(err)
	}
	flow := w.nodes[0].workflow
	for range 2 { // the second time it has been reported
		if err := flow.store.ReviewUnused(t.Context(), flow.service); err != nil {
			t.Fatal(err)
		}
	}
	page, _, err := flow.service.List(t.Context(), answerer, grants.Filter{Kind: grants.UnusedRights}, "", 10)
	if err != nil || len(page) != 1 {
		t.Fatalf("%d reports, %v", len(page), err)
	}
	var proposal grants.Unused
	if err := json.Unmarshal(page[0].Document, &proposal); err != nil {
		t.Fatal(err)
	}
	if proposal.Grant != g.ID || !slices.Equal(proposal.Fields, []string{"insured_kind"}) || fmt.Sprint(proposal.Operations) != "[VERIFY]" {
		t.Errorf("proposed %+v", proposal)
	}
}

// TestCasesAreChecked: a matter without a case source is marked and listed; one with a
// source knows its cases.
func TestCasesAreChecked(t *testing.T) {
	w := newWorld(t, 1)
	c := w.enrol(butie)
	w.granted(0, func(*grants.Terms) {})
	basis := w.duty()
	c.askInsurance(0, basis).wants(t, http.StatusOK, "")
	listed, err := w.nodes[0].database.UnverifiedUses(t.Context(), 10)
	if err != nil || len(listed) != 1 || listed[0].Uses != 1 || listed[0].Department != "tianhe-renshe" || listed[0].ServiceItem != butieMatter {
		t.Errorf("listed %+v, %v", listed, err)
	}
	for _, step := range []struct {
		matter, number string
		closed         bool
		told           int
		status         int
		code           string
	}{
		{dibaoMatter, "BT-2026-000001", false, http.StatusBadRequest, http.StatusOK, ""}, // another department's
		{butieMatter, "BT-OTHER", false, http.StatusNoContent, http.StatusForbidden, "case-unknown"},
		{butieMatter, "BT-2026-000001", false, http.StatusNoContent, http.StatusOK, ""},
		{butieMatter, "BT-2026-000001", true, http.StatusNoContent, http.StatusForbidden, "case-closed"},
		{butieMatter, "BT-2026-000001", false, http.StatusNoContent, http.StatusForbidden, "case-closed"},
	} {
		shot := c.shot(fmt.Sprintf(`{"service_item":%q,"case_no":%q,"closed":%v}`, step.matter, step.number, step.closed))
		shot.target = publicURL + "/v1/cases"
		c.send(shot).wants(t, step.told, "")
		seen := int64(-1)
		if err := w.nodes[0].adoptGrants(t.Context(), &seen); err != nil {
			t.Fatal(err)
		}
		c.askInsurance(0, basis).wants(t, step.status, step.code)
	}
}
