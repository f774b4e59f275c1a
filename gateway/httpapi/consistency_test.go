package httpapi_test

import (
	"fmt"
	"net/url"
	"testing"

	"kapok/crypto/sm"
	"kapok/gateway/httpapi"
	"kapok/gateway/ledger"
)

// TestConsistencyForAWitness asks as a witness does, between two looks at a log.
func TestConsistencyForAWitness(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	b.get("/v1/ledger/consistency?origin="+url.QueryEscape(origin+"-of-nobody")).wants(t, 404, "ledger-log-unknown")
	w.use(t, "citizen-01")
	older := decode[httpapi.CheckpointList](t, b.get("/v1/ledger/checkpoints")).Checkpoints[0]
	for range 3 {
		w.use(t, "citizen-01")
	}
	bundle, err := ledger.ParseBundle(b.get("/v1/trust").body)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(from int64) ledger.Consistency {
		got := b.get(fmt.Sprintf("/v1/ledger/consistency?origin=%s&from=%d", url.QueryEscape(origin), from))
		proved, err := ledger.ParseConsistency(got.body)
		if err != nil {
			t.Fatalf("%s: %v", got.body, err)
		}
		return proved
	}
	both := sm.NewVerifier(sm.VerifierOptions{Both: true})
	proved := ask(older.Size)
	if report := ledger.VerifyConsistency(older.Note, proved.Checkpoint, proved.Proof, proved.Keys, bundle, both); !report.OK() {
		t.Errorf("%+v", report.Steps)
	}
	for _, from := range []int64{0, 1000} {
		unproved := ask(from)
		if head, err := ledger.VerifyHead(unproved.Checkpoint, unproved.Keys, bundle, both); err != nil || head.Size <= uint64(older.Size) || len(unproved.Proof) != 0 {
			t.Errorf("from %d: %+v, %v", from, head, err)
		}
	}
	b.get("/v1/ledger/consistency").wants(t, 400, "")
	b.get("/v1/ledger/consistency?origin=a&from=-1").wants(t, 400, "")
}
