package postgres_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func enrolment(t testing.TB, system string) postgres.Enrolment {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Microsecond)
	return postgres.Enrolment{System: system, Public: newSM2(t).Public(), From: at, Until: at.Add(time.Hour), Actor: "bureau-7", At: at}
}

func TestEnrolAndFindKeys(t *testing.T) {
	db := pgtest.New(t)
	first, endless := enrolment(t, "tianhe-minzheng-dibao"), enrolment(t, "tianhe-minzheng-dibao")
	endless.Until = time.Time{}
	var ids []string
	for _, e := range []postgres.Enrolment{first, endless, enrolment(t, "tianhe-renshe-butie")} {
		key, pendingID, err := db.EnrolKey(t.Context(), e)
		if err != nil || pendingID == "" {
			t.Fatal(err)
		}
		found, err := db.SystemKey(t.Context(), key.KeyID)
		if err != nil || found.System != e.System || !found.Public.Equal(e.Public) || !found.From.Equal(e.From) || !found.Until.Equal(e.Until) || found.Revoked {
			t.Errorf("found %+v, %v", found, err)
		}
		ids = append(ids, key.KeyID)
	}
	listed, err := db.SystemKeys(t.Context(), "tianhe-minzheng-dibao")
	if err != nil || len(listed) != 2 || listed[0].KeyID != ids[0] {
		t.Errorf("%d keys, %v", len(listed), err)
	}
	if _, err := db.SystemKey(t.Context(), strings.Repeat("A", 43)); !errors.Is(err, exchange.ErrUnknownKey) {
		t.Errorf("unknown key: %v", err)
	}
}

func TestEnrolTwiceChangesNothing(t *testing.T) {
	db := pgtest.New(t)
	e := enrolment(t, "tianhe-minzheng-dibao")
	if _, _, err := db.EnrolKey(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if _, pendingID, err := db.EnrolKey(t.Context(), e); err != nil || pendingID != "" {
		t.Errorf("pending %q, %v", pendingID, err)
	}
	e.System = "tianhe-renshe-butie"
	_, _, err := db.EnrolKey(t.Context(), e)
	problem(t, err, gateway.Conflict, "key-taken")
	if n := count(t, db, "ledger_pending"); n != 1 {
		t.Errorf("%d entries", n)
	}
}

func TestRevokedKey(t *testing.T) {
	db := pgtest.New(t)
	e := enrolment(t, "tianhe-minzheng-dibao")
	key, _, err := db.EnrolKey(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	if pendingID, err := db.RevokeKey(t.Context(), key.KeyID, "bureau-7", e.At); err != nil || pendingID == "" {
		t.Fatalf("pending %q, %v", pendingID, err)
	}
	if found, err := db.SystemKey(t.Context(), key.KeyID); err != nil || !found.Revoked {
		t.Errorf("found %+v, %v", found, err)
	}
	if pendingID, err := db.RevokeKey(t.Context(), key.KeyID, "bureau-7", e.At); err != nil || pendingID != "" {
		t.Errorf("revoked again: pending %q, %v", pendingID, err)
	}
	_, _, err = db.EnrolKey(t.Context(), e)
	problem(t, err, gateway.Conflict, "key-taken")
	_, err = db.RevokeKey(t.Context(), "nobody's", "bureau-7", e.At)
	problem(t, err, gateway.NotFound, "key-unknown")
}
