package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/safe"
)

// browser is a person who signed in, on one node.
type browser struct {
	w      *world
	client *http.Client
}

// signIn goes the way of a browser, to the identity provider and back.
func (w *world) signIn(node int, who string) *browser {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var dialer net.Dialer
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "kapok.test:80" {
			address = strings.TrimPrefix(w.urls[node], "http://")
		}
		return dialer.DialContext(ctx, network, address)
	}
	b := &browser{w: w, client: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
	form, err := b.client.Get(publicURL + "/auth/login?return_to=/v1/me")
	if err != nil {
		w.t.Fatal(err)
	}
	_ = form.Body.Close()
	page := form.Request.URL
	filled := url.Values{"id": {page.Query().Get("id")}, "subject": {who}}
	back, err := b.client.PostForm(page.Scheme+"://"+page.Host+page.Path, filled)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = back.Body.Close()
	if back.StatusCode != http.StatusOK || back.Request.URL.Path != "/v1/me" {
		w.t.Fatalf("%s signed in and came to %s: %d", who, back.Request.URL.Path, back.StatusCode)
	}
	return b
}

func (b *browser) reads(path string, into any) {
	b.w.t.Helper()
	res, err := b.client.Get(publicURL + path)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		b.w.t.Fatalf("%s: %d", path, res.StatusCode)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		b.w.t.Fatal(err)
	}
}

// erasureSeen is a STOP, as its recipient, the person and the bureau see it.
type erasureSeen struct {
	BasisID    string    `json:"basis_id"`
	Due        time.Time `json:"due_at"`
	Overdue    bool      `json:"overdue"`
	Answer     string    `json:"answer"`
	AnsweredAt time.Time `json:"answered_at"`
}

type erasuresSeen struct {
	Erasures []erasureSeen `json:"erasures"`
}

func (s erasuresSeen) of(id string) (erasureSeen, bool) {
	for _, e := range s.Erasures {
		if e.BasisID == id {
			return e, true
		}
	}
	return erasureSeen{}, false
}

// stops is what the recipient still has to erase, by its own signed call.
func (w consentWorld) stops(t *testing.T) (seen erasuresSeen) {
	t.Helper()
	got := w.department.orders(http.MethodGet, "/v1/erasures", nil)
	got.into(t, &seen)
	verifyAnswer(t, w.world, got, got.body)
	return seen
}

// isErased: the recipient hears of the withdrawal, signs once what became of the data, and
// the person sees the chain.
func (w consentWorld) isErased(t *testing.T, id string) {
	t.Helper()
	stop, told := w.stops(t).of(id)
	if !told || stop.Overdue || !stop.Due.After(time.Now()) {
		t.Fatalf("after the withdrawal the recipient hears %+v", stop)
	}
	for _, wrong := range []map[string]any{
		{"answer": "FORGOTTEN"},
		{"answer": "RETAINED_BY_LAW"},
		{"answer": "RETAINED_BY_LAW", "legal_provision": "social-assistance-58"},
		{"answer": "DELETED", "legal_provision": "social-assistance-58"},
	} {
		w.department.orders(http.MethodPost, "/v1/erasures/"+id, wrong).wants(t, http.StatusBadRequest, "")
	}
	deleted := map[string]any{"answer": "DELETED"}
	w.department.orders(http.MethodPost, "/v1/erasures/"+strings.Repeat("0", 32), deleted).wants(t, http.StatusNotFound, "basis-unknown")
	w.department.orders(http.MethodPost, "/v1/erasures/"+id, deleted).wants(t, http.StatusNoContent, "")
	w.department.orders(http.MethodPost, "/v1/erasures/"+id, deleted).wants(t, http.StatusConflict, "erasure-attested")
	if stop, told := w.stops(t).of(id); told {
		t.Errorf("it signed, and is told again: %+v", stop)
	}
	var detail struct {
		Recipients []erasureSeen `json:"recipients"`
	}
	w.signIn(1, "citizen-01").reads("/v1/me/bases/"+id, &detail)
	if len(detail.Recipients) != 1 || detail.Recipients[0].Answer != "DELETED" || detail.Recipients[0].AnsweredAt.IsZero() {
		t.Errorf("the person sees %+v", detail.Recipients)
	}
}

// timeEnds: the nodes' own job ends what has expired, and has the bureau see who is late.
// A clock that is behind stands for the days that the test does not wait.
func (w consentWorld) timeEnds(t *testing.T) {
	t.Helper()
	past := func(days int) *safe.Service {
		s := w.safe(0)
		s.Now = func() time.Time { return time.Now().AddDate(0, 0, -days) }
		return s
	}
	officer := safe.Person{Ref: "staff-bureau-01", Level: "L3"}
	late := w.statutory("name")
	if _, err := past(20).Govern(t.Context(), officer, late, basis.EventRevoked, "done"); err != nil {
		t.Fatal(err)
	}
	lapsed, err := past(2).Register(t.Context(), officer, safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: household, Fields: []string{"name"}, Operation: gateway.View,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: time.Now().AddDate(0, 0, -1),
	}, "social-assistance-58")
	if err != nil {
		t.Fatal(err)
	}
	bureau := w.signIn(0, officer.Ref)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var listed erasuresSeen
		bureau.reads("/v1/bureau/erasures", &listed)
		one, overdue := listed.of(late)
		if _, ended := listed.of(lapsed.ID); overdue && one.Overdue && ended {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the bureau does not see who is late: %+v", listed)
		}
	}
}
