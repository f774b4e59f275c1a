package postgres_test

import (
	"strings"
	"testing"
	"time"

	"kapok/gateway/basis"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// TestGatewaysRoleSuffices runs every store as the gateway does in an installation,
// and tries what that role must not do.
func TestGatewaysRoleSuffices(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	db := pgtest.Open(t, dsn+separator(dsn)+"options=-crole%3Dkapok_gateway")
	people := db.People(versions(1))
	b := consentOf(t, refOf(t, people, person(t, 1)))
	grant(t, db, b)
	if got, err := people.Resolve(t.Context(), person(t, 1), b.ID); err != nil || !got.Found {
		t.Errorf("resolve: %v", err)
	}
	if held, _, err := db.ChangeBasis(t.Context(), withdrawal(b)); err != nil || held.State != basis.Withdrawn {
		t.Errorf("withdraw: %v", err)
	}
	key, _, err := db.EnrolKey(t.Context(), enrolment(t, "tianhe-minzheng-dibao"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.RevokeKey(t.Context(), key.KeyID, "bureau-7", time.Now()); err != nil {
		t.Error(err)
	}
	if err := db.SaveLogin(t.Context(), [32]byte{1}, postgres.Login{Expires: soon()}); err != nil {
		t.Error(err)
	}
	if _, err := db.TakeLogin(t.Context(), [32]byte{1}); err != nil {
		t.Error(err)
	}
	if err := db.BeginSession(t.Context(), [32]byte{1}, postgres.Session{Expires: soon()}); err != nil {
		t.Error(err)
	}
	if err := db.EndSession(t.Context(), [32]byte{1}); err != nil {
		t.Error(err)
	}
	if _, err := db.ForgetSessions(t.Context(), soon().Add(time.Hour)); err != nil {
		t.Error(err)
	}
	for _, statement := range []string{
		"update bases set document = ''", "delete from bases", "update basis_events set state = 'ACTIVE'", "delete from basis_events",
		"update subjects set subject_ref = repeat('0', 32)", "delete from subjects", "update platform_certificates set certificate = ''",
		"update system_keys set public_key = public_key", "delete from system_keys", "drop table bases", "truncate basis_events",
	} {
		_, err := db.Pool().Exec(t.Context(), statement)
		if err == nil || !strings.Contains(err.Error(), "42501") && !strings.Contains(err.Error(), "must be owner") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}
