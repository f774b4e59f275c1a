package httpapi_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway/httpapi"
	"kapok/gateway/postgres"
)

// twins are the real sessions, in which some accounts are one person's: the identity
// provider vouches for the same identity number in each.
type twins struct {
	httpapi.Sessions
	of []string
}

func (t twins) Session(ctx context.Context, token [32]byte) (*postgres.Session, error) {
	session, err := t.Sessions.Session(ctx, token)
	if session != nil && slices.Contains(t.of, session.Subject) {
		session.SubjectRef = strings.Repeat("a", 32)
	}
	return session, err
}

func onePerson(subjects ...string) option {
	return func(c *httpapi.Config) { c.Sessions = twins{c.Sessions, subjects} }
}

// second is what somebody begins and another has to end.
type second struct {
	begin func(t *testing.T, one *browser) (path string, body map[string]any)
	one   string   // who begins
	twin  string   // another account of the same person, or of another role of theirs
	other string   // somebody else
	code  string   // of the refusal
	kinds []string // of entries that only a second person makes
}

var seconds = map[string]second{
	"an application": {
		one: "staff-consumer-01", twin: "staff-provider-03", other: "staff-provider-03", code: "same-person", kinds: []string{"application-approved"},
		begin: func(_ *testing.T, one *browser) (string, map[string]any) {
			return "/v1/matters/" + one.apply().ID + "/events", map[string]any{"event": "approved"}
		},
	},
	"an edition": {
		one: "staff-bureau-01", twin: "staff-bureau-02", other: "staff-bureau-02", code: "second-person", kinds: []string{"catalogue-published"},
		begin: func(t *testing.T, one *browser) (string, map[string]any) {
			files := texts(t, catalog.Example(), "name: 居民户籍登记信息\n    provider: mps", "name: 居民户籍登记信息(新)\n    provider: mps")
			made := one.post("/v1/proposals", map[string]any{"kind": "catalogue", "files": files, "reason": "更名"})
			made.wants(t, 201, "")
			return "/v1/proposals/" + decode[httpapi.Proposal](t, made).ID + "/events", map[string]any{"event": "confirmed"}
		},
	},
	"a key": {
		one: "staff-consumer-01", twin: "staff-desk-01", other: "staff-desk-01", code: "same-person", kinds: []string{"key-confirmed", "key-enrolled"},
		begin: func(t *testing.T, one *browser) (string, map[string]any) {
			return "/v1/key-requests/" + one.w.holder(t).propose(one).ID + "/events", map[string]any{"event": "confirmed"}
		},
	},
	"a reopening": {
		one: "staff-bureau-01", twin: "staff-approver-01", other: "staff-approver-01", code: "same-person", kinds: []string{"emergency-reopened"},
		begin: func(t *testing.T, one *browser) (string, map[string]any) {
			made := one.post("/v1/stops", map[string]any{"kind": "item", "target": insurance, "reason": "疑似泄露"})
			made.wants(t, 201, "")
			path, why := "/v1/stops/"+decode[httpapi.Stop](t, made).ID+"/reopening", map[string]any{"reason": "已排查"}
			one.post(path, why).wants(t, 200, "")
			return path, why
		},
	},
	"an emergency access": {
		one: "staff-bureau-01", twin: "staff-approver-01", other: "staff-approver-01", code: "same-person", kinds: []string{"basis-granted"},
		begin: func(t *testing.T, one *browser) (string, map[string]any) {
			made := one.post("/v1/bureau/emergencies", terms(
				with("legal_provision", "social-assistance-58"), with("incident", "TH-2026-04"), with("reason", "内涝转移安置"),
				with("subject", map[string]string{"id_type": "111", "id_number": citizenNumber(t, 0)}),
				with("destroy_by", time.Now().Add(72*time.Hour).UTC().Format("2006-01-02T15:04:05.000Z"))))
			made.wants(t, 201, "")
			return "/v1/bureau/emergencies/" + decode[httpapi.EmergencyState](t, made).ID + "/approval", nil
		},
	},
}

// TestOnePersonIsNotTwo: whatever needs a second person refuses the first one, in another
// session of theirs and in another account of theirs, and somebody else does it.
func TestOnePersonIsNotTwo(t *testing.T) {
	for name, c := range seconds {
		t.Run(name, func(t *testing.T) {
			t.Run("two accounts of one person", func(t *testing.T) {
				w := newWorld(t, onePerson(c.one, c.twin))
				path, body := c.begin(t, w.browser(t).signIn(c.one))
				w.browser(t).signIn(c.twin).confirm(path, body).wants(t, 403, c.code)
				w.notRecorded(t, c.kinds...)
			})
			w := newWorld(t)
			path, body := c.begin(t, w.browser(t).signIn(c.one))
			if got := w.browser(t).signIn(c.one).confirm(path, body); got.StatusCode != 403 {
				t.Errorf("who began it ends it in another session: %d %s", got.StatusCode, got.body)
			}
			w.notRecorded(t, c.kinds...)
			w.browser(t).signIn(c.other).confirm(path, body).wants(t, 200, "")
			w.recorded(t, c.kinds...)
		})
	}
}

func (b *browser) confirm(path string, body map[string]any) answer {
	b.t.Helper()
	if body == nil {
		return b.do(http.MethodPost, path, "")
	}
	return b.post(path, body)
}

// notRecorded: nothing was half applied.
func (w *world) notRecorded(t *testing.T, kinds ...string) {
	t.Helper()
	entries, err := w.stores.db.Ledger().Recent(t.Context(), nil, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains(kinds, string(e.Entry.Kind)) && !strings.HasPrefix(e.Entry.Value("proposed-by"), "operator") {
			t.Errorf("the ledger holds %s", e.Entry.Kind)
		}
	}
}

func citizenNumber(t *testing.T, index int) string {
	t.Helper()
	register, err := people.NewRegister(people.Named)
	if err != nil {
		t.Fatal(err)
	}
	return register.At(index).Number
}
