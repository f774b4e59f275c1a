package keys_test

import (
	"bytes"
	"testing"

	"kapok/crypto/keys"
)

// TestJoinNeedsBoth: a joined key opens what it sealed, and neither half nor another
// half does.
func TestJoinNeedsBoth(t *testing.T) {
	persons := openFile(t, t.TempDir()).Persons()
	made := map[string]*keys.PersonKey{}
	for _, owner := range []string{"a", "b", "c"} {
		_, key, err := persons.Create(keys.RecordKey, owner)
		if err != nil {
			t.Fatal(err)
		}
		made[owner] = key
	}
	one, two, three := made["a"], made["b"], made["c"]
	joined := one.Join(two, []byte("here"))
	sealer, err := joined.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	var values [][]byte
	for range 5 {
		values = append(values, sealer.Append(nil, []byte("value"), []byte("place")))
	}
	for i, sealed := range values {
		if opened, err := one.Join(two, []byte("here")).Open(sealed, []byte("place")); err != nil || string(opened) != "value" {
			t.Fatalf("%q, %v", opened, err)
		}
		if i > 0 && bytes.Equal(sealed, values[i-1]) {
			t.Error("a nonce came twice")
		}
	}
	for name, wrong := range map[string]*keys.PersonKey{
		"one half": one, "the other half": two, "another half": one.Join(three, []byte("here")),
		"turned round": two.Join(one, []byte("here")), "another context": one.Join(two, []byte("there")),
	} {
		if _, err := wrong.Open(values[0], []byte("place")); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
}
