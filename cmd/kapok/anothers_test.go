package main

import (
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"kapok/gateway/mandates"
)

// owned is what one person has, by the address under which a person finds their own; the
// values stand for the parameters of the address.
func (w consentWorld) owned(asked string) map[string]map[string]string {
	w.t.Helper()
	seen := w.signIn(0, "citizen-01")
	var told []string // the use of which the person is told, a moment after it
	for end := time.Now().Add(time.Minute); told == nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("the person was not told of the use")
		}
		told = notified.FindStringSubmatch(seen.text("/v1/me/notifications"))
	}
	wish := mandates.Wish{Agent: strings.Repeat("a", 32), Named: "x", Matters: []string{dibaoMatter}, Powers: mandates.Powers(), Until: time.Now().Add(time.Hour)}
	appointer := mandates.Person{Ref: w.person.Ref, Level: "L3", Assertion: func(string) string { return strings.Repeat("b", 64) }}
	_, digest, err := w.nodes[0].mandates.Notice(appointer, wish)
	if err != nil {
		w.t.Fatal(err)
	}
	appointed, err := w.nodes[0].mandates.Appoint(w.t.Context(), appointer, wish, digest)
	if err != nil {
		w.t.Fatal(err)
	}
	place := map[string]string{"origin": told[1], "index": told[2]}
	return map[string]map[string]string{
		"/v1/me/accesses":      place,
		"/v1/me/notifications": place,
		"/v1/me/bases":         {"id": w.consent(w.person, "name", "state"), "seq": "1"},
		"/v1/me/requests":      {"id": asked},
		"/v1/me/licences":      {"id": w.issue(0, "DB20260001").ID},
		"/v1/me/presentations": {"id": w.show(0, w.person.Ref, "").ID},
		"/v1/me/mandates":      {"id": appointed.ID, "asked": asked, "basis": strings.Repeat("c", 32)},
		"/v1/me/sessions":      {"id": seen.sessionsOpen()[0].ID},
	}
}

// notified is where the proof of what a person is told lies.
var notified = regexp.MustCompile(`/v1/me/accesses/([^/]+)/([0-9]+)/receipt`)

// nobodys is a value of the same form that stands for nothing.
func nobodys(name, value string) string {
	switch name {
	case "index":
		return "999999"
	case "origin", "seq":
		return value
	}
	return strings.Repeat(value[len(value)-1:], len(value))
}

var parameter = regexp.MustCompile(`\{([a-z]+)\}`)

// ownAddresses are the operations under /v1/me that name something, as the API describes
// itself: METHOD and address.
func (w *world) ownAddresses() []string {
	w.t.Helper()
	res, err := http.Get(w.urls[0] + "/openapi.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var described struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &described); err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, path := range slices.Sorted(maps.Keys(described.Paths)) {
		if !strings.HasPrefix(path, "/v1/me/") || !strings.Contains(path, "{") {
			continue
		}
		for _, method := range slices.Sorted(maps.Keys(described.Paths[path])) {
			found = append(found, strings.ToUpper(method)+" "+path)
		}
	}
	return found
}

// bodies are what an operation needs, so that it is refused for whose it is and not for its
// form.
var bodies = map[string]string{
	"POST /v1/me/mandates/{id}/requests/{asked}/grant": `{"notice_sm3":"` + strings.Repeat("0", 64) + `"}`,
	"POST /v1/me/requests/{id}/grant":                  `{"notice_sm3":"` + strings.Repeat("0", 64) + `"}`,
}

// TestNobodyReachesAnothersAnything: each address under /v1/me that the API describes, with
// what is another's in it, answers exactly as if there were no such thing; and nothing of
// the other's changes. A new address fails here until it is listed in owned.
func TestNobodyReachesAnothersAnything(t *testing.T) {
	w := newConsentWorld(t)
	w.asked(t, nil)
	readRelease(t, w.department.send(w.department.shot(ask(w.statutory("name", "state"), "name", "state"))))
	asked := w.waitingFor(t)
	owned := w.owned(asked)
	before := w.whatIsHeld(t)
	other := w.signIn(1, "citizen-02")
	addresses := w.ownAddresses()
	if len(addresses) < 10 {
		t.Fatalf("the API describes %d addresses", len(addresses))
	}
	for _, operation := range addresses {
		method, path, _ := strings.Cut(operation, " ")
		values, listed := owned[path[:strings.Index(path[len("/v1/me/"):], "/")+len("/v1/me/")]]
		if !listed {
			t.Errorf("%s names something that this test does not know", operation)
			continue
		}
		fill := func(value func(name, value string) string) string {
			return parameter.ReplaceAllStringFunc(path, func(p string) string { name := p[1 : len(p)-1]; return value(name, values[name]) })
		}
		theirs := other.answered(method, fill(func(_, value string) string { return value }), bodies[operation])
		none := other.answered(method, fill(nobodys), bodies[operation])
		theirs.TraceID, none.TraceID = "", ""
		if theirs.Status != http.StatusNotFound || theirs.String() != none.String() {
			t.Errorf("%s: another's answers %s, none answers %s", operation, theirs, none)
		}
	}
	if after := w.whatIsHeld(t); after != before {
		t.Errorf("what is the first person's was\n%s\nand is\n%s", before, after)
	}
	w.endsSessions()
	wantNoPersonalData(t, w.world)
}

// waitingFor is the request that waits for the person.
func (w consentWorld) waitingFor(t *testing.T) string {
	t.Helper()
	waiting, _, err := w.safe(0).Waiting(t.Context(), w.person)
	if err != nil || len(waiting) != 1 {
		t.Fatalf("%d wait, %v", len(waiting), err)
	}
	return waiting[0].Draft.ID
}

// whatIsHeld is all that the first person sees of their own, but the record of who looked.
func (w consentWorld) whatIsHeld(t *testing.T) string {
	t.Helper()
	seen := w.signIn(0, "citizen-01")
	var held strings.Builder
	for _, list := range []string{"bases", "requests", "licences", "notifications"} {
		held.WriteString(seen.text("/v1/me/" + list))
	}
	return held.String()
}

// denied is an answer that came to nothing.
type denied struct {
	problem
	Status int
}

func (d denied) String() string {
	return strconv.Itoa(d.Status) + " " + d.Code + " " + d.Field + " " + d.Detail + " " + d.Remedy
}

func (b *browser) answered(method, path, body string) denied {
	b.w.t.Helper()
	var me struct {
		Token string `json:"csrf_token"`
	}
	b.reads("/v1/me", &me)
	request, err := http.NewRequestWithContext(b.w.t.Context(), method, publicURL+path, strings.NewReader(body))
	if err != nil {
		b.w.t.Fatal(err)
	}
	request.Header.Set("X-CSRF-Token", me.Token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	res, err := b.client.Do(request)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	told, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	if res.StatusCode < 300 {
		return denied{Status: res.StatusCode}
	}
	return denied{problem: answer{status: res.StatusCode, header: res.Header, body: told}.problem(b.w.t), Status: res.StatusCode}
}

func (b *browser) text(path string) string {
	b.w.t.Helper()
	res, err := b.client.Get(publicURL + path)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	read, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.w.t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
	}
	return string(read)
}

type openSession struct {
	ID      string `json:"id"`
	Device  string `json:"device"`
	Current bool   `json:"current"`
}

func (b *browser) sessionsOpen() []openSession {
	b.w.t.Helper()
	var listed struct {
		Sessions []openSession `json:"sessions"`
	}
	b.reads("/v1/me/sessions", &listed)
	return listed.Sessions
}

// endsSessions: a person sees where they are signed in and ends it there, on every node; ends
// all others; and stays signed in where they are.
func (w *world) endsSessions() {
	w.t.Helper()
	phone, desk, terminal := w.signIn(0, "citizen-03"), w.signIn(1, "citizen-03"), w.signIn(1, "citizen-03")
	open := phone.sessionsOpen()
	at := slices.IndexFunc(open, func(s openSession) bool { return s.Current })
	if len(open) != 3 || at != 2 || len(desk.sessionsOpen()) != 3 {
		w.t.Fatalf("signed in three times and listed %+v", open)
	}
	if ended := phone.answered(http.MethodPost, "/v1/me/sessions/"+open[0].ID+"/end", ""); ended.Status != http.StatusNoContent {
		w.t.Errorf("to end one answers %s", ended)
	}
	if gone := terminal.status("/v1/me"); gone != http.StatusUnauthorized {
		w.t.Errorf("the session that was ended answers %d", gone)
	}
	if ended := phone.answered(http.MethodPost, "/v1/me/sessions/end-others", ""); ended.Status != http.StatusNoContent {
		w.t.Errorf("to end the others answers %s", ended)
	}
	if gone, here := desk.status("/v1/me"), phone.status("/v1/me"); gone != http.StatusUnauthorized || here != http.StatusOK {
		w.t.Errorf("afterwards the other answers %d, this one %d", gone, here)
	}
}

func (b *browser) status(path string) int {
	b.w.t.Helper()
	res, err := b.client.Get(publicURL + path)
	if err != nil {
		b.w.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}
