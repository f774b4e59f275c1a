package httpapi_test

import (
	"context"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/httpapi"
	"kapok/gateway/publishing"
	"kapok/policies"
)

// explainer decides questions by what the world began with.
type explainer struct{ live exchange.Live }

func (e explainer) Explain(_ context.Context, q exchange.Question) (policies.Decision, error) {
	return exchange.Explain(e.live, q, time.Now())
}

// openPublishing publishes what the world begins with, and joins the service that
// publishes more. What is published is not taken over here: that is the node's, and is
// tested there.
func (w *world) openPublishing(t testing.TB, config *httpapi.Config, known *catalog.Catalog) {
	t.Helper()
	set, err := policies.Load(policies.Example())
	if err != nil {
		t.Fatal(err)
	}
	files, err := known.Files()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := editions.Pack(files)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := editions.PackFolder(policies.Example())
	if err != nil {
		t.Fatal(err)
	}
	for kind, content := range map[string][]byte{editions.Catalogue: catalogue, editions.Policies: rules} {
		first := editions.Edition{Kind: kind, Digest: known.Digest(), Content: content, ProposedBy: "operator", ConfirmedBy: "operator", Published: time.Now()}
		if kind == editions.Policies {
			first.Digest = set.Digest()
		}
		if _, err := w.stores.db.BeginEditions(t.Context(), first); err != nil {
			t.Fatal(err)
		}
	}
	w.publishing = publishing.New(publishing.Config{
		Store: w.stores.db, Replays: w.workflow, Notes: w.stores.db.Ledger(), Log: w.stores.log,
		Values: map[string]string{"SANDBOX_URL": "http://127.0.0.1:8641", "OIDC_ISSUER": w.provider.URL},
		Open:   func(*catalog.Catalog) error { return nil }, Follows: func(_, _ *catalog.Catalog) error { return nil }, Refresh: func(context.Context) error { return nil }, Now: time.Now,
	})
	config.Editions, config.Publishing, config.Replays = w.stores.db, w.publishing, w.workflow
	config.Explain = explainer{exchange.Live{Catalog: known, Policies: set}}
}
