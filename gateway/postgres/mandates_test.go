package postgres_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/mandates"
	"kapok/gateway/postgres/pgtest"
)

// TestMandateEndsWithItsBases: while a mandate is ended, others are granted under it.
// Whichever comes first, nothing that was granted under it is in force afterwards, and
// nothing is granted any more.
func TestMandateEndsWithItsBases(t *testing.T) {
	db := pgtest.New(t)
	ctx := t.Context()
	now := time.Now().UTC().Truncate(time.Millisecond)
	for round := range 10 {
		principal, agent := gateway.NewRef(), gateway.NewRef()
		m := mandates.Mandate{
			ID: gateway.NewRef(), Kind: mandates.Agent, Principal: principal, Agent: agent, Matters: []string{"m"}, Powers: mandates.Powers(),
			From: now, Until: now.Add(time.Hour), Assertion: strings.Repeat("a", 64), State: mandates.Active,
		}
		if _, err := db.InsertMandate(ctx, m); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		granted := make([]error, 8)
		ids := make([]string, len(granted))
		for i := range granted {
			signed := signedUnder(t, m, now)
			ids[i] = signed.id
			all.Go(func() { _, granted[i] = db.InsertBasis(context.WithoutCancel(ctx), signed.Signed, now) })
			if i == round%len(granted) {
				all.Go(func() {
					if _, err := db.EndMandate(context.WithoutCancel(ctx), m.ID, "principal", now); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		for i, err := range granted {
			if err != nil {
				if gateway.AsError(err).Code != "mandate-unknown" {
					t.Errorf("round %d: %v", round, err)
				}
				continue
			}
			held, _, err := db.Basis(ctx, ids[i])
			if err != nil || held.State != basis.Invalidated {
				t.Errorf("round %d: a basis under the ended mandate is %s, %v", round, held.State, err)
			}
		}
		if _, err := db.InsertBasis(ctx, signedUnder(t, m, now).Signed, now); gateway.AsError(err).Code != "mandate-unknown" {
			t.Errorf("round %d: after the end: %v", round, err)
		}
		if pending, err := db.EndMandate(ctx, m.ID, "agent", now); err != nil || pending != "" {
			t.Errorf("round %d: ended twice: %q %v", round, pending, err)
		}
	}
}

// under is a consent that an agent gave for their principal.
type under struct {
	basis.Signed
	id string
}

func signedUnder(t *testing.T, m mandates.Mandate, now time.Time) under {
	t.Helper()
	draft := consentOf(t, m.Principal)
	draft.ID, draft.Actor = "", basis.Actor{Ref: m.Agent, AuthLevel: "L3", Method: "oidc", MandateID: m.ID}
	b, err := basis.New(draft, now)
	if err != nil {
		t.Fatal(err)
	}
	return under{signed(t, b), b.ID}
}
