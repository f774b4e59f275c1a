package postgres_test

import (
	"io"
	"log/slog"
	"sync"
	"testing"

	"kapok/crypto/keys"
	"kapok/gateway/postgres/pgtest"
)

func persons(t *testing.T) *keys.Persons {
	t.Helper()
	file, err := keys.OpenFile(t.TempDir(), []byte("a passphrase"), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return file.Persons()
}

// TestNewPeopleGetTheirRecordKey: with the reference, once, however many ask.
func TestNewPeopleGetTheirRecordKey(t *testing.T) {
	db, made := pgtest.New(t), persons(t)
	people := db.People(versions(1)).WithKeys(made)
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if _, err := people.SubjectRef(t.Context(), person(t, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	ref := refOf(t, people, person(t, 1))
	wrapped, err := db.PersonKey(t.Context(), ref, keys.RecordKey)
	if err != nil || wrapped == nil {
		t.Fatalf("there is no key: %v", err)
	}
	if _, err := made.Open(t.Context(), keys.RecordKey, ref, wrapped); err != nil {
		t.Error(err)
	}
	offered, _, err := made.Create(keys.RecordKey, ref)
	if err != nil {
		t.Fatal(err)
	}
	if stands, err := db.KeepPersonKey(t.Context(), ref, keys.RecordKey, offered); err != nil || string(stands) != string(wrapped) {
		t.Errorf("a second key took the place of the first: %v", err)
	}
	if none, err := db.PersonKey(t.Context(), ref, keys.SafeKey); err != nil || none != nil {
		t.Errorf("another use's key: %v", err)
	}
	if none, err := db.PersonKey(t.Context(), refOf(t, db.People(versions(1)), person(t, 2)), keys.RecordKey); err != nil || none != nil {
		t.Errorf("a person made without keys has one: %v", err)
	}
}
