package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway/returns"
)

// TestReturns: a bureau sees how a delivery stands and what was found, by file and line.
func TestReturns(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	document := fmt.Appendf(nil, `{"format":"kapok-return/1","dataset":"2030010005/000001","item_version":1,"version":1,"kind":"full","created":%q,"as_of":%[1]q,"keep_until":%q,
		"encoding":"UTF-8","columns":["SFZH"],"keys":["SFZH"],"files":[{"name":"a.csv","layout":"csv","size":9,"sm3":%q,"rows":3,"sums":{}}]}`,
		now.Format(time.RFC3339), now.AddDate(1, 0, 0).Format(time.RFC3339), strings.Repeat("0", 64))
	manifest, err := returns.ParseManifest(document)
	if err != nil {
		t.Fatal(err)
	}
	id, store := returns.ID(document), w.stores.db.Returns()
	offered := map[keys.Use]keys.WrappedKey{returns.IndexKey: {1}, returns.GenerationKey: {1}}
	if _, _, err := store.Announce(t.Context(), returns.Delivery{
		ID: id, Generation: id, Document: document, Manifest: manifest, Signature: "x", KeyID: "k", System: "mca-return", Received: now, Actor: "a",
	}, offered); err != nil {
		t.Fatal(err)
	}
	w.browser(t).signIn("citizen-01").do("GET", "/v1/returns", "").wants(t, 403, "role-missing")
	bureau := w.browser(t).signIn("staff-bureau-01")
	var listed httpapiReturns
	if err := json.Unmarshal(bureau.get("/v1/returns").body, &listed); err != nil || len(listed.Deliveries) != 1 || listed.Deliveries[0].State != "received" || listed.Deliveries[0].Rows != 3 {
		t.Errorf("%+v, %v", listed, err)
	}
	if _, err := store.Refuse(t.Context(), id, returns.Findings{List: []returns.Finding{{File: "a.csv", Line: 2, Rule: returns.RuleColumns}}, More: 4}, "a", now); err != nil {
		t.Fatal(err)
	}
	var one httpapiReturn
	if err := json.Unmarshal(bureau.get("/v1/returns/"+id).body, &one); err != nil || one.State != "refused" || len(one.Findings) != 1 || one.Findings[0].Line != 2 || one.More != 4 {
		t.Errorf("%+v, %v", one, err)
	}
	bureau.get("/v1/returns/"+strings.Repeat("0", 32)).wants(t, 404, "return-unknown")
}

// The documents as a caller reads them.
type httpapiReturns struct {
	Deliveries []httpapiReturn `json:"deliveries"`
}

type httpapiReturn struct {
	State    string `json:"state"`
	Rows     int    `json:"rows"`
	Findings []struct {
		Line int `json:"line"`
	} `json:"findings"`
	More int `json:"more_findings"`
}
