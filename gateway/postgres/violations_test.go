package postgres_test

import (
	"testing"
	"time"

	"kapok/gateway/exchange"
	"kapok/gateway/postgres/pgtest"
)

// The same rule broken again is counted, and stands in the ledger once.
func TestViolations(t *testing.T) {
	db := pgtest.New(t)
	at := time.Now().UTC().Truncate(time.Microsecond)
	first := exchange.Violation{Ref: "r1", Item: "i", ItemVersion: 2, Provider: "p", Source: "s", Field: "state", Rule: "wrong-value", At: at}
	again, other := first, first
	again.Ref, again.At = "r2", at.Add(time.Minute)
	other.Rule, other.Field = "another-person", ""
	for _, v := range []exchange.Violation{first, again, other} {
		if err := db.Report(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	open, err := db.OpenViolations(t.Context())
	if err != nil || len(open) != 2 {
		t.Fatalf("%+v, %v", open, err)
	}
	claims := 0
	for range 3 {
		ours, err := db.ClaimViolation(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		if ours {
			claims++
			if err := db.TakeUpViolation(t.Context(), first, "0123456789abcdef0123456789abcdef"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if claims != 1 {
		t.Errorf("taken up %d times", claims)
	}
	if open[0].Ref != "r1" || open[0].Times != 2 || !open[0].LastSeen.Equal(again.At) || open[1].Times != 1 {
		t.Errorf("%+v", open)
	}
}
