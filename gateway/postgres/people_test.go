package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// versions makes tokens as [keys.Lookup.All] does, under the versions given, newest first.
func versions(held ...int) func(gateway.Identity) []keys.Token {
	return func(id gateway.Identity) []keys.Token {
		var tokens []keys.Token
		for _, version := range held {
			key := fmt.Sprintf("look-up key of the test, version %d", version)
			tokens = append(tokens, keys.Token{Version: version, MAC: sm.HMAC([]byte(key), []byte(id.Number()))})
		}
		return tokens
	}
}

// person is the n-th invented person, with a valid check character.
func person(t testing.TB, n int) gateway.Identity {
	t.Helper()
	for _, check := range "0123456789X" {
		id, err := gateway.ParseIdentity(gateway.CitizenID, fmt.Sprintf("44010619900101%03d%c", n%1000, check))
		if err == nil {
			return id
		}
	}
	t.Fatal("no check character fits")
	return gateway.Identity{}
}

func refOf(t testing.TB, people *postgres.People, id gateway.Identity) string {
	t.Helper()
	ref, err := people.SubjectRef(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if len(ref) != 32 {
		t.Fatalf("a reference of %d characters", len(ref))
	}
	return ref
}

func TestSubjectRefStays(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	one := pgtest.Open(t, dsn).People(versions(1))
	other := pgtest.Open(t, dsn).People(versions(1))
	first := refOf(t, one, person(t, 1))
	if refOf(t, other, person(t, 1)) != first {
		t.Error("another node knows the same person by another reference")
	}
	if refOf(t, one, person(t, 2)) == first {
		t.Error("two persons have one reference")
	}
}

// TestNewPersonOnManyNodes: a person never seen is asked for by everybody at once.
func TestNewPersonOnManyNodes(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	nodes := []*postgres.People{
		pgtest.Open(t, dsn).People(versions(1)),
		pgtest.Open(t, dsn).People(versions(2, 1)), // this one has begun to rotate the key
		pgtest.Open(t, dsn).People(versions(2, 1)),
	}
	const persons, callers = 30, 8
	refs := make([][]string, persons)
	var all sync.WaitGroup
	var mu sync.Mutex
	for range callers {
		for n := range persons {
			for _, node := range nodes {
				all.Go(func() {
					ref := refOf(t, node, person(t, n))
					mu.Lock()
					defer mu.Unlock()
					refs[n] = append(refs[n], ref)
				})
			}
		}
	}
	all.Wait()
	seen := map[string]int{}
	for n, given := range refs {
		for _, ref := range given {
			if ref != given[0] {
				t.Fatalf("person %d has two references", n)
			}
		}
		seen[given[0]]++
	}
	if len(seen) != persons {
		t.Errorf("%d references for %d persons", len(seen), persons)
	}
}

func TestRotationKeepsReferences(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	before := pgtest.Open(t, dsn).People(versions(1))
	both := pgtest.Open(t, dsn).People(versions(2, 1))
	after := pgtest.Open(t, dsn).People(versions(2))
	old, fresh := person(t, 1), person(t, 2)
	ref := refOf(t, before, old)
	if refOf(t, both, old) != ref || refOf(t, after, old) != ref {
		t.Error("a person known before the rotation is another one after it")
	}
	if made := refOf(t, both, fresh); refOf(t, before, fresh) != made || refOf(t, after, fresh) != made {
		t.Error("a person first seen during the rotation is not the same everywhere")
	}
}

// TestNewPersonMeetsAnOldNode: a node that holds only the old key is about to write a
// new person when a node that has begun to rotate sees the same one.
func TestNewPersonMeetsAnOldNode(t *testing.T) {
	dsn := pgtest.NewDSN(t)
	db := pgtest.Open(t, dsn)
	id := person(t, 1)
	old := versions(1)(id)[0]
	got := make(chan string, 1)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into subjects (lookup, key_version, subject_ref) values ($1, 1, $2)", old.MAC[:], aPerson)
		go func() {
			ref, err := db.People(versions(2, 1)).SubjectRef(t.Context(), id)
			if err != nil {
				t.Error(err)
			}
			got <- ref
		}()
		waitForLock(t, db)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if ref := <-got; ref != aPerson {
		t.Error("the rotating node made another reference")
	}
	if refOf(t, db.People(versions(2)), id) != aPerson {
		t.Error("under the new key the person is another one")
	}
}

// TestNumbersAreNotKept looks for an identity number in every table.
func TestNumbersAreNotKept(t *testing.T) {
	db := pgtest.New(t)
	id := person(t, 7)
	refOf(t, db.People(versions(1)), id)
	var found int
	err := db.Pool().QueryRow(t.Context(), "select count(*) from subjects where subjects::text like '%' || $1 || '%'", id.Number()).Scan(&found)
	if err != nil || found != 0 {
		t.Errorf("%d rows hold the number (%v)", found, err)
	}
}
