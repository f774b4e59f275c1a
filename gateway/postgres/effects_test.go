package postgres_test

import (
	"context"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// TestEffectsCountEachEntryOnce: counting again, or by several at once, changes nothing.
func TestEffectsCountEachEntryOnce(t *testing.T) {
	db := pgtest.New(t)
	log := openLog(t, db.Ledger(), newDistrict(t).options(originA, "a"))
	at := time.Date(2026, 4, 30, 16, 30, 0, 0, time.UTC) // 1 May in Beijing
	record := func(kind ledger.Kind, subject string, fields ...ledger.Field) {
		t.Helper()
		fields = append(fields, ledger.Field{Name: "department", Value: "d"}, ledger.Field{Name: "service-item", Value: "m"}, ledger.Field{Name: "item", Value: "1010010001/000001@2"})
		_, err := log.Append(t.Context(), ledger.Append{Subject: subject, Entry: func(ledger.Found) ledger.Entry {
			return ledger.Entry{Kind: kind, At: at, Fields: fields}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	one, other := "0123456789abcdef0123456789abcdef", "1123456789abcdef0123456789abcdef"
	released := ledger.Field{Name: "result", Value: "released"}
	record("outcome", one, released)
	record("outcome", one, released)
	record("outcome", other, released)
	record("refusal", other, ledger.Field{Name: "code", Value: "basis-ended"})
	record("intent", one)
	done := make(chan error, 3)
	for range 3 {
		go func() { _, err := db.Ledger().CountEffects(context.WithoutCancel(t.Context())); done <- err }()
	}
	for range 3 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if again, err := db.Ledger().CountEffects(t.Context()); err != nil || again != 0 {
		t.Errorf("counted again: %d, %v", again, err)
	}
	day := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	effects, served, err := db.Ledger().Effects(t.Context(), day, day)
	if err != nil {
		t.Fatal(err)
	}
	want := []postgres.Effect{
		{Day: day, Department: "d", ServiceItem: "m", Item: "1010010001/000001", Result: "refused", Code: "basis-ended", Uses: 1},
		{Day: day, Department: "d", ServiceItem: "m", Item: "1010010001/000001", Result: "released", Uses: 3},
	}
	if len(effects) != 2 || effects[0] != want[0] || effects[1] != want[1] {
		t.Errorf("effects %+v", effects)
	}
	if len(served) != 1 || served[0].People != 2 {
		t.Errorf("served %+v", served)
	}
}
