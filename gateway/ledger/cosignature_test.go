package ledger

import (
	"strings"
	"testing"
	"time"
)

func TestCosignature(t *testing.T) {
	d := newAuthority(t)
	m := newMemoryLog(t)
	m.seal(t, d.operational(t), 3)
	key, name, at := newKey(t), "witness.example.cn/1", time.Unix(1_800_000_000, 0).UTC()
	witness := WitnessKey{name, key.Public()}
	printed, err := Cosign(t.Context(), m.notes[0], name, key, at)
	if err != nil {
		t.Fatal(err)
	}
	signed, when, err := VerifyCosigned(printed, witness, both())
	if err != nil || signed != m.notes[0] || !when.Equal(at) {
		t.Fatalf("%v %v", when, err)
	}
	for at := range len(printed) {
		changed := []byte(printed)
		changed[at] ^= 1
		signed, _, err := VerifyCosigned(string(changed), witness, fast())
		if err != nil {
			continue
		}
		// The witness signs the checkpoint's text; the log's own line is the log's to check.
		_, err = VerifyHead(signed, []KeyChain{{withoutRoot(m.chains[noteName(t, m.notes[0])]), noteName(t, m.notes[0])}}, d.bundle(), fast())
		if err == nil {
			t.Errorf("byte %d changed, and both signatures verify", at)
		}
	}
	if _, _, err := VerifyCosigned(printed, WitnessKey{name, newKey(t).Public()}, fast()); err == nil {
		t.Error("another witness's key")
	}
	if _, _, err := VerifyCosigned(m.notes[0], witness, fast()); err == nil {
		t.Error("no witness's line")
	}
	if _, err := Cosign(t.Context(), printed, name, key, at); err == nil {
		t.Error("cosigned what is cosigned already")
	}
	if _, err := Cosign(t.Context(), m.notes[0], "a name", key, at); err == nil {
		t.Error("a name with a space")
	}
}

func noteName(t testing.TB, printed string) string {
	t.Helper()
	n, err := parseNote(printed)
	if err != nil {
		t.Fatal(err)
	}
	return n.name
}

func TestWitnessKeyHasOneForm(t *testing.T) {
	k := WitnessKey{"witness.example.cn/1", newKey(t).Public()}
	printed := k.String()
	if read, err := ParseWitnessKey(printed); err != nil || read.String() != printed {
		t.Fatal(err)
	}
	for at := range len(printed) {
		changed := []byte(printed)
		changed[at] ^= 1
		if _, err := ParseWitnessKey(string(changed)); err == nil {
			t.Errorf("byte %d changed: %s", at, changed)
		}
	}
	if _, err := ParseWitnessKey(strings.Repeat("+", 3)); err == nil {
		t.Error("nothing but plus")
	}
}

func FuzzParseWitnessKey(f *testing.F) {
	f.Add(WitnessKey{"w", newKey(f).Public()}.String())
	f.Fuzz(func(t *testing.T, printed string) {
		if k, err := ParseWitnessKey(printed); err == nil && k.String() != printed {
			t.Fatal("a witness's key has two forms")
		}
	})
}

func FuzzVerifyCosigned(f *testing.F) {
	m := newMemoryLog(f)
	m.seal(f, newAuthority(f).operational(f), 1)
	key := newKey(f)
	printed, err := Cosign(f.Context(), m.notes[0], "w", key, time.Unix(1, 0))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(printed)
	f.Fuzz(func(t *testing.T, other string) {
		signed, _, err := VerifyCosigned(other, WitnessKey{"w", key.Public()}, fast())
		if err == nil && mustParse(t, signed) != mustParse(t, m.notes[0]) {
			t.Fatal("the witness never signed it")
		}
	})
}
