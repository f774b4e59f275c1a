package postgres_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

func soon() time.Time { return time.Now().UTC().Truncate(time.Microsecond).Add(time.Minute) }

func TestSessions(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	one, other := pgtest.Open(t, dsn), pgtest.Open(t, dsn)
	token := [32]byte{1}
	signedIn := postgres.Session{SubjectRef: aPerson, Issuer: "https://id.example", Roles: []string{"citizen"}, AuthLevel: "L3", Expires: soon()}
	if err := one.BeginSession(t.Context(), token, signedIn); err != nil {
		t.Fatal(err)
	}
	found, err := other.Session(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&signedIn, found); diff != "" {
		t.Errorf("on another node: %s", diff)
	}
	if err := other.EndSession(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if found, err := one.Session(t.Context(), token); err != nil || found != nil {
		t.Errorf("signed out, and still there: %v, %v", found, err)
	}
	if err := one.BeginSession(t.Context(), token, signedIn); err == nil {
		t.Error("an ended token began again")
	}
}

func TestSessionsThatAreNone(t *testing.T) {
	db := pgtest.New(t)
	if found, err := db.Session(t.Context(), [32]byte{9}); err != nil || found != nil {
		t.Errorf("unknown: %v, %v", found, err)
	}
	if err := db.EndSession(t.Context(), [32]byte{9}); err != nil {
		t.Errorf("ending an unknown one: %v", err)
	}
	old := postgres.Session{Issuer: "https://id.example", Subject: "staff-1", AuthLevel: "L3", Expires: time.Now().Add(-time.Second)}
	if err := db.BeginSession(t.Context(), [32]byte{2}, old); err != nil {
		t.Fatal(err)
	}
	if found, err := db.Session(t.Context(), [32]byte{2}); err != nil || found != nil {
		t.Errorf("expired: %v, %v", found, err)
	}
}

func TestLoginIsTakenOnce(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	nodes := []*postgres.DB{pgtest.Open(t, dsn), pgtest.Open(t, dsn)}
	state := [32]byte{3}
	login := postgres.Login{BrowserHash: [32]byte{4}, Nonce: "n", Verifier: "v", ReturnTo: "/safe", Expires: soon()}
	if err := nodes[0].SaveLogin(t.Context(), state, login); err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			found, err := nodes[i%2].TakeLogin(t.Context(), state)
			if err != nil {
				t.Error(err)
			}
			if found == nil {
				return
			}
			taken.Add(1)
			if diff := cmp.Diff(&login, found); diff != "" {
				t.Error(diff)
			}
		})
	}
	all.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
}

func TestOldLoginIsNotTaken(t *testing.T) {
	db := pgtest.New(t)
	if err := db.SaveLogin(t.Context(), [32]byte{5}, postgres.Login{Expires: time.Now().Add(-time.Second)}); err != nil {
		t.Fatal(err)
	}
	if found, err := db.TakeLogin(t.Context(), [32]byte{5}); err != nil || found != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestForgetSessions(t *testing.T) {
	db := pgtest.New(t)
	past := time.Now().Add(-time.Hour)
	for i, expires := range []time.Time{past, soon()} {
		if err := db.SaveLogin(t.Context(), [32]byte{byte(i)}, postgres.Login{Expires: expires}); err != nil {
			t.Fatal(err)
		}
		if err := db.BeginSession(t.Context(), [32]byte{byte(i)}, postgres.Session{Expires: expires}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := db.ForgetSessions(t.Context(), time.Now()); err != nil || n != 2 {
		t.Errorf("forgot %d, %v", n, err)
	}
	if found, err := db.Session(t.Context(), [32]byte{1}); err != nil || found == nil {
		t.Errorf("the running session: %v, %v", found, err)
	}
}
