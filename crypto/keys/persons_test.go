package keys_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"kapok/crypto/keys"
	"kapok/gateway"
)

func TestWrappedKeyBelongsToOnePersonAndUse(t *testing.T) {
	persons := openFile(t, t.TempDir()).Persons()
	wrapped, _, err := persons.Create(keys.SafeKey, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := persons.Open(t.Context(), keys.RecordKey, "a", wrapped); !errors.Is(err, keys.ErrWrapped) {
		t.Errorf("as another use: %v", err)
	}
	if _, err := persons.Open(t.Context(), keys.SafeKey, "b", wrapped); !errors.Is(err, keys.ErrWrapped) {
		t.Errorf("as another person's: %v", err)
	}
	for i := range wrapped {
		changed := bytes.Clone(wrapped)
		changed[i] ^= 1
		if _, err := persons.Open(t.Context(), keys.SafeKey, "a", changed); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
		if _, err := persons.Open(t.Context(), keys.SafeKey, "a", wrapped[:i]); !errors.Is(err, keys.ErrWrapped) {
			t.Errorf("cut at %d: %v", i, err)
		}
	}
}

func TestRotateRewrapDestroy(t *testing.T) {
	file := openFile(t, t.TempDir())
	persons := file.Persons()
	kept, key, err := persons.Create(keys.RecordKey, "kept")
	if err != nil {
		t.Fatal(err)
	}
	lost, _, err := persons.Create(keys.RecordKey, "lost")
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := key.Seal([]byte("data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	version, err := file.RotateWrapping(t.Context())
	if err != nil || version != 2 || persons.Version() != 2 {
		t.Fatalf("version %d, in force %d, %v", version, persons.Version(), err)
	}
	if err := file.DestroyWrapping(t.Context(), 2); err == nil {
		t.Error("the version in force was destroyed")
	}
	rewrapped, changed, err := persons.Rewrap(t.Context(), keys.RecordKey, "kept", kept)
	if err != nil || !changed {
		t.Fatalf("rewrapped %v, %v", changed, err)
	}
	if _, changed, err := persons.Rewrap(t.Context(), keys.RecordKey, "kept", rewrapped); err != nil || changed {
		t.Errorf("rewrapped twice: %v, %v", changed, err)
	}
	if err := file.DestroyWrapping(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := persons.Open(t.Context(), keys.RecordKey, "lost", lost); !errors.Is(err, keys.ErrDestroyed) {
		t.Errorf("what a destroyed key wrapped: %v", err)
	}
	again, err := persons.Open(t.Context(), keys.RecordKey, "kept", rewrapped)
	if err != nil {
		t.Fatal(err)
	}
	if opened, err := again.Open(sealed, nil); err != nil || string(opened) != "data" {
		t.Errorf("%q, %v", opened, err)
	}
}

// Another node has rotated: its version is fetched when it turns up.
func TestUnknownVersionAsksTheKeyService(t *testing.T) {
	dir := t.TempDir()
	one, other := openFile(t, dir), openFile(t, dir)
	if _, err := other.RotateWrapping(t.Context()); err != nil {
		t.Fatal(err)
	}
	wrapped, _, err := other.Persons().Create(keys.SafeKey, "a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Persons().Open(t.Context(), keys.SafeKey, "a", wrapped); err != nil {
		t.Error(err)
	}
}

func TestForgottenKeySealsNothing(t *testing.T) {
	_, key, err := openFile(t, t.TempDir()).Persons().Create(keys.SafeKey, "a")
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v", key, key, key); text != "keys.PersonKey(***) keys.PersonKey(***) keys.PersonKey(***)" {
		t.Errorf("printed: %s", text)
	}
	key.Forget()
	if _, err := key.Seal([]byte("x"), nil); err == nil {
		t.Error("sealed")
	}
}

func TestLookup(t *testing.T) {
	dir := t.TempDir()
	file := openFile(t, dir)
	person := identity(t, gateway.CitizenID, "11010519491231002X")
	first := file.Lookup().Current(person)
	if first != openFile(t, dir).Lookup().Current(person) {
		t.Error("the token changed with a restart")
	}
	if first == openFile(t, t.TempDir()).Lookup().Current(person) {
		t.Error("another key gives the same token")
	}
	if _, err := file.RotateLookup(t.Context()); err != nil {
		t.Fatal(err)
	}
	second, all := file.Lookup().Current(person), file.Lookup().All(person)
	if second == first || second.Version != 2 || len(all) != 2 || all[0] != second || all[1] != first {
		t.Errorf("after rotation: %v, all %v", second.Version, len(all))
	}
	if err := file.DestroyLookup(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if all := file.Lookup().All(person); len(all) != 1 || all[0] != second {
		t.Errorf("after destruction: %d tokens", len(all))
	}
}

func identity(t *testing.T, kind gateway.IdentityType, number string) gateway.Identity {
	t.Helper()
	id, err := gateway.ParseIdentity(kind, number)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
