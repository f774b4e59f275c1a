package httpapi_test

import (
	"testing"
	"time"

	"kapok/gateway/exchange"
	"kapok/gateway/httpapi"
)

// The bureau sees how sources do and what they break; a citizen does not.
func TestSourcesAreVisible(t *testing.T) {
	w := newWorld(t)
	v := exchange.Violation{Ref: "r1", Item: "1010010001/000001", ItemVersion: 1, Provider: "mps", Source: "national-platform", Field: "state", Rule: "wrong-value", At: time.Now()}
	if err := w.stores.db.Report(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	w.browser(t).signIn("citizen-01").do("GET", "/v1/bureau/sources", "").wants(t, 403, "role-missing")
	answer := w.browser(t).signIn("staff-auditor-01").get("/v1/bureau/sources")
	answer.wants(t, 200, "")
	listed := decode[httpapi.SourceList](t, answer)
	if len(listed.Sources) != 2 || listed.Sources[0].P95Ms != 20 || listed.Sources[0].PromiseKept || listed.Sources[1].Windows[0].Reason != "升级" {
		t.Errorf("%+v", listed.Sources)
	}
	if len(listed.Violations) != 1 || listed.Violations[0].Field != "state" || listed.Violations[0].Times != 1 {
		t.Errorf("%+v", listed.Violations)
	}
}
