package main

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/confirmation"
	"kapok/gateway/postgres"
	"kapok/policies"
)

// oblige puts the example's policies in force on every node, and one duty more.
func (w *world) oblige(obligation string) {
	w.t.Helper()
	set, err := policies.Load(os.DirFS(policyFolder(w.t, `@obligation("`+obligation+`") permit (principal, action == Action::"VIEW", resource);`)))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range w.nodes {
		live := n.exchange.Live()
		live.Policies = set
		if err := n.exchange.Adopt(live); err != nil {
			w.t.Fatal(err)
		}
	}
}

var (
	theOneWhoAsks = confirmation.Officer{Ref: "staff-consumer-02", OfficerRef: "officer-0001", Department: "tianhe-minzheng", Roles: []string{"consumer"}}
	aColleague    = confirmation.Officer{Ref: "staff-consumer-03", Department: "tianhe-minzheng", Roles: []string{"consumer"}}
	theProvider   = confirmation.Officer{Ref: "staff-provider-01", Department: "mps", Roles: []string{"provider"}}
	anotherOffice = confirmation.Officer{Ref: "staff-consumer-01", Department: "tianhe-renshe", Roles: []string{"consumer"}}
)

// TestDuties: a use that policies oblige to a second officer waits for one, goes
// through once on all nodes, carries its mark, and the person is told.
func TestDuties(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	basisID := w.statutory("name", "state")
	w.oblige("second-approver watermark")
	call := func(node int) answer {
		s := department.shot(ask(basisID, "name", "state"))
		s.node = node
		return department.send(s)
	}
	waiting := waits(t, call(0))
	if again := waits(t, call(1)); again != waiting {
		t.Error("the same request is asked about twice")
	}
	desk := func(node int) *confirmation.Service {
		return &confirmation.Service{Store: w.nodes[node].database, Log: w.nodes[node].journal, Now: time.Now}
	}
	if open, err := desk(0).List(t.Context(), aColleague, true, 10); err != nil || len(open) != 1 || open[0].CaseNo != "DB-2026-000001" {
		t.Errorf("a colleague sees %+v, %v", open, err)
	}
	for _, attempt := range []struct {
		by   confirmation.Officer
		code string
	}{
		{theOneWhoAsks, "same-person"},
		{anotherOffice, "confirmation-unknown"},
		{aColleague, ""},
		{theProvider, "confirmation-decided"},
	} {
		_, err := desk(0).Decide(t.Context(), attempt.by, waiting, confirmation.Confirm, "")
		if got := codeOf(err); got != attempt.code {
			t.Fatalf("%s confirms: %q, want %q", attempt.by.Ref, got, attempt.code)
		}
	}
	released := w.together(8, call)
	if len(released) != 1 {
		t.Fatalf("%d calls went through on one confirmation", len(released))
	}
	wantMarked(t, w, released[0])
	wantTold(t, w)

	again := waits(t, call(0))
	if _, err := desk(1).Decide(t.Context(), theProvider, again, confirmation.Refuse, "no such matter is known here"); err != nil {
		t.Fatal(err)
	}
	call(0).wants(t, http.StatusForbidden, "second-approver-refused")
	wantNoPersonalData(t, w)
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return gateway.AsError(err).Code
}

// waits is what the second officer is asked about.
func waits(t *testing.T, got answer) string {
	t.Helper()
	got.wants(t, http.StatusForbidden, "second-approver-needed")
	var told struct {
		Confirmation string `json:"confirmation"`
	}
	if err := json.Unmarshal(got.body, &told); err != nil || len(told.Confirmation) != 32 {
		t.Fatalf("%v, %s", err, got.body)
	}
	return told.Confirmation
}

// together makes calls at the same time on the nodes in turn, and returns those that
// released something.
func (w *world) together(calls int, call func(node int) answer) []answer {
	var all sync.WaitGroup
	answers := make([]answer, calls)
	for i := range answers {
		all.Go(func() { answers[i] = call(i % len(w.nodes)) })
	}
	all.Wait()
	var released []answer
	for _, got := range answers {
		if got.status == http.StatusOK {
			released = append(released, got)
		}
	}
	return released
}

func wantMarked(t *testing.T, w *world, got answer) {
	t.Helper()
	var marked struct {
		ExchangeID string `json:"exchange_id"`
		Watermark  struct {
			Text       string    `json:"text"`
			OfficerRef string    `json:"officer_ref"`
			CaseNo     string    `json:"case_no"`
			At         time.Time `json:"at"`
		} `json:"watermark"`
	}
	if err := json.Unmarshal(got.body, &marked); err != nil {
		t.Fatal(err)
	}
	mark := marked.Watermark
	for _, part := range []string{"广州市天河区民政局", "officer-0001", "DB-2026-000001", marked.ExchangeID} {
		if !strings.Contains(mark.Text, part) {
			t.Errorf("the mark %q does not name %s", mark.Text, part)
		}
	}
	if mark.OfficerRef != "officer-0001" || mark.CaseNo != "DB-2026-000001" || mark.At.IsZero() {
		t.Errorf("the mark is %+v", mark)
	}
	for _, recorded := range wantTrail(t, w, marked.ExchangeID, "intent", "outcome") {
		entry := recorded.Entry
		if entry.Value("confirmed-by") != aColleague.Ref || !strings.Contains(entry.Value("duties"), "second-approver") || entry.Value("tell") != "now" {
			t.Errorf("the %s records %q, %q, %q", entry.Kind, entry.Value("confirmed-by"), entry.Value("duties"), entry.Value("tell"))
		}
	}
}

// wantTold: the release is told to its person, once, by whichever node rolls it up.
func wantTold(t *testing.T, w *world) {
	t.Helper()
	for _, n := range w.nodes {
		if err := n.database.RollUpUses(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	subject := w.citizen().Ref
	told, err := w.nodes[0].database.Notifications(t.Context(), subject, postgres.LedgerPlace{}, time.Now(), 10)
	if err != nil || len(told) != 1 || told[0].Department != "tianhe-minzheng" || told[0].Item != household {
		t.Fatalf("told %+v, %v", told, err)
	}
	read := func(subject string) string {
		return codeOf(w.nodes[1].database.ReadNotification(t.Context(), subject, told[0].Origin, told[0].Index, time.Now()))
	}
	if got := read(strings.Repeat("0", 32)); got != "notification-unknown" {
		t.Errorf("another person reads it: %q", got)
	}
	if got := read(subject); got != "" {
		t.Errorf("its person reads it: %q", got)
	}
}
