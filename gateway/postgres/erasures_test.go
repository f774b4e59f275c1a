package postgres_test

import (
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/safe"
)

// TestErasureIsOrderedAndAttested: who withdraws has the recipient told, overdue orders
// escalate once, and the recipient answers once.
func TestErasureIsOrderedAndAttested(t *testing.T) {
	db := pgtest.New(t)
	b := consentOf(t, aPerson)
	grant(t, db, b)
	if orders, err := db.ErasuresOfBasis(t.Context(), b.ID); err != nil || len(orders) != 0 {
		t.Fatalf("%d orders in force, %v", len(orders), err)
	}
	if _, _, err := db.ChangeBasis(t.Context(), withdrawal(b)); err != nil {
		t.Fatal(err)
	}
	orders, err := db.ErasuresFor(t.Context(), b.System, 10)
	if err != nil || len(orders) != 1 || orders[0].BasisID != b.ID || orders[0].SubjectRef != aPerson {
		t.Fatalf("orders %+v, %v", orders, err)
	}
	after := orders[0].Due.Add(time.Second)
	for i, want := range []int{1, 0} {
		if pending, err := db.EscalateErasures(t.Context(), after, 10); err != nil || len(pending) != want {
			t.Errorf("escalation %d: %d entries, %v", i, len(pending), err)
		}
	}
	answer := safe.Attestation{
		System: b.System, Department: b.Department, BasisID: b.ID, KeyID: "key", Answer: safe.Deleted, At: time.Now(), Base: "signed", Signature: []byte{1},
	}
	other := answer
	other.System = "another-system"
	_, err = db.Attest(t.Context(), other)
	problem(t, err, gateway.NotFound, "basis-unknown")
	if pending, err := db.Attest(t.Context(), answer); err != nil || pending == "" {
		t.Fatalf("pending %q, %v", pending, err)
	}
	_, err = db.Attest(t.Context(), answer)
	problem(t, err, gateway.Conflict, "erasure-attested")
	if orders, err := db.OverdueErasures(t.Context(), after, 10); err != nil || len(orders) != 0 {
		t.Errorf("%d overdue after the answer, %v", len(orders), err)
	}
}

// TestWhatTimeEndsIsFound: an expired basis is a job's to end, once it has expired.
func TestWhatTimeEndsIsFound(t *testing.T) {
	db := pgtest.New(t)
	b, withdrawn := consentOf(t, aPerson), consentOf(t, aPerson)
	grant(t, db, b)
	grant(t, db, withdrawn)
	if _, _, err := db.ChangeBasis(t.Context(), withdrawal(withdrawn)); err != nil {
		t.Fatal(err)
	}
	if due, err := db.DueBases(t.Context(), b.Expires.Add(-time.Second), 10); err != nil || len(due) != 0 {
		t.Errorf("%d due before the expiry, %v", len(due), err)
	}
	due, err := db.DueBases(t.Context(), b.Expires, 10)
	if err != nil || len(due) != 1 || due[0] != (safe.Due{ID: b.ID, SubjectRef: aPerson}) {
		t.Fatalf("due %+v, %v", due, err)
	}
	change := withdrawal(b)
	change.Event, change.Actor = basis.EventExpired, "kapok"
	if _, _, err := db.ChangeBasis(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if due, err := db.DueBases(t.Context(), b.Expires, 10); err != nil || len(due) != 0 {
		t.Errorf("%d due after the end, %v", len(due), err)
	}
}
