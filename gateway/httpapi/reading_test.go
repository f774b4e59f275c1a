package httpapi_test

import (
	"testing"

	"kapok/gateway/httpapi"
)

// TestReadingTheLedgerEntersIt: whoever is shown entries leaves one, which the citizen's
// own list does not repeat.
func TestReadingTheLedgerEntersIt(t *testing.T) {
	w := newWorld(t)
	w.use(t, w.subjectRef(t, 0))
	citizen, bureau := w.browser(t).signIn("citizen-01"), w.browser(t).signIn("staff-bureau-01")
	for range 2 {
		if page := decode[httpapi.AccessPage](t, citizen.get("/v1/me/accesses")); len(page.Accesses) != 1 {
			t.Errorf("the citizen sees %+v", page.Accesses)
		}
	}
	citizen.get("/v1/me/accesses/"+"kapok.example.cn%2Fnobody/0/receipt").wants(t, 404, "ledger-entry-unknown")
	citizen.get(decode[httpapi.AccessPage](t, citizen.get("/v1/me/accesses")).Accesses[0].Receipt).wants(t, 200, "")
	bureau.get("/v1/bureau/exchanges").wants(t, 200, "")
	found, err := w.stores.db.Ledger().Recent(t.Context(), nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	views := map[string]int{}
	for _, one := range found {
		if one.Entry.Kind == "ledger-read" {
			views[one.Entry.Value("view")]++
			if staff := one.Entry.Value("view") == "exchanges"; (one.Entry.Value("actor") != "") != staff {
				t.Errorf("%s names the actor %q", one.Entry.Value("view"), one.Entry.Value("actor"))
			}
		}
	}
	if views["my-accesses"] != 3 || views["my-receipt"] != 1 || views["exchanges"] != 1 {
		t.Errorf("recorded %v", views)
	}
}
