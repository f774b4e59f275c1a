package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/crypto/httpsig"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/grants"
	"kapok/gateway/postgres"
	"kapok/gateway/safe"
)

func (w *world) statutoryFor(operation gateway.Operation, fields ...string) string {
	w.t.Helper()
	made, err := w.safe(0).Register(w.t.Context(), safe.Person{Ref: "staff-bureau-01", Level: "L3"}, safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: household, Fields: fields, Operation: operation,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: time.Now().Add(24 * time.Hour),
	}, "social-assistance-58")
	if err != nil {
		w.t.Fatal(err)
	}
	return made.ID
}

// refusalCase spoils one thing of a call that would be good.
type refusalCase struct {
	name   string
	status int
	code   string
	spoil  func(s *shot)
	body   func(good string) string
	fault  string        // ordered from the source
	delay  time.Duration // of the fault "slow"
	kind   string        // of the ledger's entry; refusal unless said
}

func replaced(from, to string) func(string) string {
	return func(good string) string { return strings.Replace(good, from, to, 1) }
}

var refusalCases = []refusalCase{
	{name: "no token", status: 401, code: "token-missing", spoil: func(s *shot) { s.header.Set("Authorization", "None") }},
	{name: "a token of nobody", status: 401, code: "token-refused", spoil: func(s *shot) { s.header.Set("Authorization", "Bearer a.b.c") }},
	{name: "no signature", status: 401, code: "signature-missing", spoil: func(s *shot) {
		s.after = func(r *http.Request) { r.Header.Del("Signature"); r.Header.Del("Signature-Input") }
	}},
	{name: "a clock that is off", status: 401, code: "clock-skew", spoil: func(s *shot) { s.params.Created = time.Now().Add(-4 * time.Minute) }},
	{name: "a clock that is ahead", status: 401, code: "clock-skew", spoil: func(s *shot) { s.params.Created = time.Now().Add(4 * time.Minute) }},
	{name: "a short nonce", status: 401, code: "nonce-missing", spoil: func(s *shot) { s.params.Nonce = "short" }},
	{name: "another key's name", status: 401, code: "key-mismatch", spoil: func(s *shot) { s.params.KeyID = "nobody" }},
	{name: "an uncovered body", status: 401, code: "signature-incomplete", spoil: func(s *shot) {
		s.params.Covered = slices.DeleteFunc(s.params.Covered, func(c httpsig.Component) bool { return c.Name == "content-digest" })
	}},
	{name: "another body", status: 400, code: "content-digest-mismatch", spoil: func(s *shot) { s.header.Set("Content-Digest", httpsig.ContentDigest([]byte("other"))) }},
	{name: "a changed header", status: 401, code: "signature-invalid", spoil: func(s *shot) {
		s.after = func(r *http.Request) { r.Header.Set("Content-Digest", httpsig.ContentDigest([]byte("other"))) }
	}},
	{name: "another target", status: 401, code: "signature-invalid", spoil: func(s *shot) { s.target += "?x=1"; s.address = "/v1/exchanges" }},
	{name: "broken JSON", status: 400, code: "json-malformed", body: func(string) string { return `{"item":` }},
	{name: "no case", status: 400, code: "field-invalid", body: replaced(`"case_no":"DB-2026-000001",`, ``)},
	{name: "no matter", status: 400, code: "field-invalid", body: replaced(`"service_item":"`+dibaoMatter+`",`, ``)},
	{name: "no officer", status: 400, code: "field-invalid", body: replaced(`"officer_ref":"officer-0001",`, ``)},
	{name: "an unknown item", status: 404, code: "item-unknown", body: replaced(household, "9990010001/000001")},
	{name: "an unknown matter", status: 404, code: "service-item-unknown", body: replaced(dibaoMatter, "11440106KAPK0002272010511009999")},
	{name: "a field nobody has", status: 412, code: "fields-unknown", body: replaced(`["name"]`, `["name","shoe_size"]`)},
	{name: "a field outside the grant", status: 412, code: "fields-exceed", body: replaced(`["name"]`, `["name","ethnic_group"]`)},
	{name: "a field outside the basis", status: 412, code: "fields-exceed", body: replaced(`["name"]`, `["name","household_size"]`)},
	{name: "no basis", status: 403, code: "basis-missing", body: func(good string) string {
		at := strings.Index(good, `"basis_id":"`)
		return good[:at] + `"basis_id":""` + good[at+len(`"basis_id":"`)+33:]
	}},
	{name: "another purpose", status: 403, code: "purpose-not-granted", body: replaced("assistance-review", "employment-subsidy")},
	{name: "an item that is not shared", status: 403, code: "item-not-shared", body: func(good string) string {
		return replaced(`["name"]`, `["id_number"]`)(replaced(household, "1010010004/000001")(good))
	}},
	{name: "the source is broken", status: 502, code: "source-unavailable", fault: "500", kind: "outcome"},
	{name: "the source talks garbage", status: 502, code: "source-garbage", fault: "garbage", kind: "outcome"},
	{name: "the source breaks off", status: 502, code: "source-unavailable", fault: "down", kind: "outcome"},
	{name: "the source says half", status: 502, code: "source-garbage", fault: "half", kind: "outcome"},
	{name: "the source refuses", status: 502, code: "source-refused", fault: "refused", kind: "outcome"},
	{name: "the source is slow", status: 504, code: "source-timeout", fault: "slow", delay: 8 * time.Second, kind: "outcome"},
	{name: "the source answers about another person", status: 502, code: "source-wrong", fault: "wrong-person", kind: "outcome"},
}

// TestRefusals: each wrong call gets a problem with its own code, stands in the ledger
// under that code, and gets no data.
func TestRefusals(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	good := ask(w.statutory("name", "state"), "name")
	for _, test := range refusalCases {
		t.Run(test.name, func(t *testing.T) {
			body := good
			if test.body != nil {
				if body = test.body(good); body == good {
					t.Fatal("the case changes nothing")
				}
			}
			s := department.shot(body)
			if test.spoil != nil {
				test.spoil(s)
			}
			if s.address != "" {
				s.address = w.urls[0] + s.address
			}
			if test.fault != "" {
				w.order(test.fault, test.delay)
			}
			got := department.send(s)
			told := got.problem(t)
			if got.status != test.status || told.Code != test.code {
				t.Fatalf("got %d %s (%s), want %d %s", got.status, told.Code, told.Detail, test.status, test.code)
			}
			wantRecorded(t, w, test, told)
		})
	}
	wantNoPersonalData(t, w)
	wantCorrection(t, w)
	if got := department.send(department.shot(good)); got.status != http.StatusOK {
		t.Errorf("after all that a good call is refused: %d %s", got.status, got.body)
	}
}

func wantRecorded(t *testing.T, w *world, test refusalCase, told problem) {
	t.Helper()
	kind := test.kind
	if kind == "" {
		kind = "refusal"
	}
	for _, entry := range recent(t, w) {
		if entry.Entry.Value("trace") == told.TraceID && string(entry.Entry.Kind) == kind {
			if code := entry.Entry.Value("code"); code != test.code {
				t.Errorf("the ledger says %s", code)
			}
			return
		}
	}
	t.Errorf("the ledger holds no %s of trace %s", kind, told.TraceID)
}

func TestExcessIsNamed(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	got := department.send(department.shot(ask(w.statutory("name"), "name", "ethnic_group", "birthplace")))
	if told := got.problem(t); !slices.Equal(told.Fields, []string{"ethnic_group", "birthplace"}) || told.Remedy == "" {
		t.Errorf("told %+v", told)
	}
}

func TestRefusedAtTheDoor(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	for _, test := range []struct {
		name, path, code string
		body             string
		status           int
	}{
		{"10 MB", "/v1/exchanges", "body-too-large", strings.Repeat(" ", 10<<20), 413},
		{"a path that climbs", "/v1/exchanges/%2e%2e%2fmetrics", "path-invalid", "{}", 400},
		{"a path that climbs, encoded twice", "/v1/%252e%252e/metrics", "path-invalid", "{}", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := department.shot(test.body)
			s.target = publicURL + test.path
			told := department.send(s)
			if got := told.problem(t); told.status != test.status || got.Code != test.code {
				t.Fatalf("got %d %s, want %d %s", told.status, got.Code, test.status, test.code)
			}
			wantRecorded(t, w, refusalCase{code: test.code}, told.problem(t))
		})
	}
}

func TestNonceIsUsedOnceOnAllNodes(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	nonce := rand.Text()
	for i, want := range []int{http.StatusOK, http.StatusConflict, http.StatusConflict} {
		s := department.shot(body)
		s.params.Nonce, s.node = nonce, i%2
		if got := department.send(s); got.status != want {
			t.Errorf("call %d on node %d: %d %s, want %d", i, i%2, got.status, got.body, want)
		}
	}
}

func TestAssertionIsUsedOnceOnAllNodes(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	assertion := department.assertion(publicURL+"/oauth2/token", rand.Text())
	if status, body := department.tokenWith(0, assertion); status != http.StatusOK {
		t.Fatalf("%d %s", status, body)
	}
	if status, body := department.tokenWith(1, assertion); status != http.StatusUnauthorized || !strings.Contains(string(body), "assertion-replayed") {
		t.Errorf("replayed: %d %s", status, body)
	}
	elsewhere := department.assertion("https://elsewhere.example/oauth2/token", rand.Text())
	if status, _ := department.tokenWith(0, elsewhere); status != http.StatusUnauthorized {
		t.Errorf("an assertion for another server: %d", status)
	}
}

// wantCorrection: what a source broke was taken up with its provider, by a correction
// whose clock runs; broken again, it is counted and not taken up twice.
func wantCorrection(t *testing.T, w *world) {
	t.Helper()
	n := w.nodes[0]
	broken, err := n.database.OpenViolations(t.Context())
	if err != nil || len(broken) != 1 || broken[0].Matter == "" {
		t.Fatalf("%+v, %v", broken, err)
	}
	if err := (corrections{n}).Report(t.Context(), broken[0].Violation); err != nil {
		t.Fatal(err)
	}
	again, err := n.database.OpenViolations(t.Context())
	if err != nil || again[0].Matter != broken[0].Matter || again[0].Times != broken[0].Times+1 {
		t.Errorf("%+v, %v", again, err)
	}
	provider := grants.Person{Ref: "p", Department: broken[0].Provider, Roles: []string{"provider"}}
	matter, err := n.workflow.service.One(t.Context(), provider, broken[0].Matter)
	if err != nil || matter.Kind != grants.Correction || matter.State != grants.Filed || len(matter.Clocks) != 1 {
		t.Fatalf("%+v, %v", matter, err)
	}
	act := grants.Act{Matter: matter.ID, Event: grants.Accept, Reason: "改正"}
	if _, err := n.workflow.service.Act(t.Context(), provider, act); err != nil {
		t.Fatal(err)
	}
	if err := (corrections{n}).Report(t.Context(), broken[0].Violation); err != nil {
		t.Fatal(err)
	}
	if reopened, err := n.database.OpenViolations(t.Context()); err != nil || reopened[0].Matter == matter.ID || reopened[0].Matter == "" {
		t.Errorf("broken again after it was put right: %+v, %v", reopened, err)
	}
}

// TestWithdrawalBitesOnEveryNode: a withdrawal acknowledged by one node is refused by
// the other on the very next call, and another person can withdraw nothing.
func TestWithdrawalBitesOnEveryNode(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	person := w.citizen()
	consent := w.consent(person, "name", "state")
	body := ask(consent, "name")
	for node := range w.nodes {
		s := department.shot(body)
		s.node = node
		readRelease(t, department.send(s))
	}
	stranger := safe.Person{Ref: strings.Repeat("0", 32), Level: "L3"}
	if err := w.safe(0).Withdraw(t.Context(), stranger, consent); gateway.AsError(err).Kind != gateway.NotFound {
		t.Errorf("a stranger's withdrawal: %v", err)
	}
	if err := w.safe(0).Withdraw(t.Context(), person, consent); err != nil {
		t.Fatal(err)
	}
	for _, node := range []int{1, 0} {
		s := department.shot(body)
		s.node = node
		got := department.send(s)
		if told := got.problem(t); got.status != http.StatusForbidden || told.Code != "basis-ended" {
			t.Errorf("node %d after the withdrawal: %d %s", node, got.status, told.Code)
		}
	}
	wantSeen(t, w, person.Ref)
}

// TestWithdrawalWhileTheSourceIsAsked: what was withdrawn between intent and outcome is
// not released.
func TestWithdrawalWhileTheSourceIsAsked(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	person := w.citizen()
	consent := w.consent(person, "name")
	w.order("slow", time.Second)
	answered := make(chan answer, 1)
	s := department.shot(ask(consent, "name"))
	s.header.Set("Authorization", "Bearer "+department.token(0))
	go func() { answered <- department.send(s) }()
	waitForIntent(t, w)
	if err := w.safe(0).Withdraw(t.Context(), person, consent); err != nil {
		t.Fatal(err)
	}
	got := <-answered
	if told := got.problem(t); told.Code != "basis-ended" {
		t.Errorf("%d %s: what was withdrawn meanwhile left", got.status, told.Code)
	}
}

func waitForIntent(t *testing.T, w *world) {
	t.Helper()
	for range 1000 {
		for _, entry := range recent(t, w) {
			if entry.Entry.Kind == "intent" {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("no intent appeared")
}

// TestTidyForgetsOnlyWhatHasExpired: a nonce stays used while its signature is fresh.
func TestTidyForgetsOnlyWhatHasExpired(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	s := department.shot(body)
	nonce := s.params.Nonce
	readRelease(t, department.send(s))
	again := func() int {
		s := department.shot(body)
		s.params.Nonce = nonce
		return department.send(s).status
	}
	w.nodes[0].tidy(t.Context(), time.Now())
	if status := again(); status != http.StatusConflict {
		t.Errorf("after tidying the nonce works again: %d", status)
	}
	w.nodes[0].tidy(t.Context(), time.Now().Add(time.Hour))
	if status := again(); status != http.StatusOK {
		t.Errorf("an expired nonce is still kept: %d", status)
	}
}

func TestRevokedKeyIsRefused(t *testing.T) {
	w := newWorld(t, 2)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	readRelease(t, department.send(department.shot(body)))
	token := department.token(1)
	if _, err := w.nodes[0].database.RevokeKey(t.Context(), department.keyID, operator, time.Now()); err != nil {
		t.Fatal(err)
	}
	s := department.shot(body)
	s.node = 1
	s.header.Set("Authorization", "Bearer "+token)
	if got := department.send(s); got.status == http.StatusOK {
		t.Error("a revoked key still gets data")
	}
	stranger := w.enrol(dibao)
	stranger.key, _ = sm.GenerateKey()
	if status, _ := stranger.tokenWith(0, stranger.assertion(publicURL+"/oauth2/token", rand.Text())); status != http.StatusUnauthorized {
		t.Errorf("a token for a key that nobody enrolled: %d", status)
	}
}

// TestSourceKilledInMidCall: the intent stands, and so does what became of it.
func TestSourceKilledInMidCall(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	body := ask(w.statutory("name"), "name")
	w.order("slow", 5*time.Second)
	answered := make(chan answer, 1)
	s := department.shot(body)
	s.header.Set("Authorization", "Bearer "+department.token(0))
	go func() { answered <- department.send(s) }()
	waitForIntent(t, w)
	w.killSandbox()
	got := <-answered
	if told := got.problem(t); got.status != http.StatusBadGateway || told.Code != "source-unavailable" {
		t.Fatalf("%d %s", got.status, told.Code)
	}
	found := recent(t, w)
	at := slices.IndexFunc(found, func(e postgres.LedgerEntry) bool { return e.Entry.Kind == "intent" })
	trail := wantTrail(t, w, found[at].Entry.Ref, "intent", "outcome")
	if result := trail[1].Entry.Value("result"); result != "failed" {
		t.Errorf("the outcome says %q", result)
	}
}

// citizen is the first of the sandbox's people, as Kapok knows them.
func (w *world) citizen() safe.Person {
	w.t.Helper()
	_, ref := w.holder(0)
	return safe.Person{Ref: ref, Level: "L3"}
}

func (w *world) consent(person safe.Person, fields ...string) string {
	w.t.Helper()
	wanted := safe.Wanted{
		Department: "tianhe-minzheng", System: dibao, Item: household, Fields: fields, Operation: gateway.View,
		ServiceItem: dibaoMatter, Purpose: "assistance-review", Expires: time.Now().Add(time.Hour),
	}
	notice, err := w.safe(0).Notice(w.t.Context(), wanted)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.safe(0).Consent(w.t.Context(), person, wanted, strings.Repeat("0", 64)); gateway.AsError(err).Code != "notice-mismatch" {
		w.t.Errorf("a forged notice: %v", err)
	}
	made, err := w.safe(0).Consent(w.t.Context(), person, wanted, notice.SM3)
	if err != nil {
		w.t.Fatal(err)
	}
	if made.Kind != basis.Consent {
		w.t.Errorf("made a %s", made.Kind)
	}
	return made.ID
}

// wantSeen checks that the person sees grant, uses, withdrawal and refusals.
func wantSeen(t *testing.T, w *world, ref string) {
	t.Helper()
	seen, err := w.nodes[0].database.Ledger().Accesses(context.Background(), ref, postgres.LedgerPlace{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, entry := range seen {
		count[string(entry.Entry.Kind)]++
	}
	want := map[string]int{"basis-granted": 1, "intent": 2, "outcome": 2, "basis-withdrawn": 1, "refusal": 2}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("the citizen sees %v, want %v", count, want)
	}
}
