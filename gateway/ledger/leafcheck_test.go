package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
)

func encodedEntry(t testing.TB) []byte {
	t.Helper()
	encoded, _, err := newCommitter().commit(anEntry(), "0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestCheckEncodedAgreesWithParseLeaf tries every byte, and every length.
func TestCheckEncodedAgreesWithParseLeaf(t *testing.T) {
	whole := encodedEntry(t)
	accepted := 0
	for at := range whole {
		for _, flip := range []byte{0, 1, 2, 0x20, 0x80, 0xff} {
			changed := slices.Clone(whole)
			changed[at] ^= flip
			accepted += agreeOn(t, changed)
		}
		agreeOn(t, whole[:at])
		agreeOn(t, slices.Insert(slices.Clone(whole), at, 0))
	}
	if accepted == 0 {
		t.Error("nothing was accepted")
	}
}

func agreeOn(t *testing.T, encoded []byte) int {
	t.Helper()
	leaf, err := ParseLeaf(encoded)
	at, errHere := checkEncoded(encoded)
	if (err == nil) != (errHere == nil) {
		t.Fatalf("%x: %v, and %v", encoded, err, errHere)
	}
	if err != nil {
		return 0
	}
	if at != leaf.At.UnixMilli() {
		t.Fatalf("%x: time %d, and %v", encoded, at, leaf.At)
	}
	return 1
}

func FuzzCheckEncoded(f *testing.F) {
	f.Add(encodedEntry(f))
	f.Fuzz(func(t *testing.T, encoded []byte) { agreeOn(t, encoded) })
}

func FuzzReadEntries(f *testing.F) {
	var file bytes.Buffer
	if err := errors.Join(writeEntriesHead(&file, 0), writeEntry(&file, encodedEntry(f)), writeEntry(&file, []byte{1})); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := newEntryReader(bytes.NewReader(raw), 0)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeEntriesHead(&again, 0); err != nil {
			t.Fatal(err)
		}
		for {
			encoded, err := entries.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return
			}
			if len(encoded) > 0 && writeEntry(&again, encoded) != nil {
				t.Fatal("an entry that was read cannot be written")
			}
			if len(encoded) == 0 {
				return
			}
		}
		if !bytes.Equal(again.Bytes(), raw) {
			t.Fatal("a file of entries has two forms")
		}
	})
}

func FuzzReadNotes(f *testing.F) {
	note := sealOne(f, newAuthority(f).operational(f), testOrigin, 3, anEntry()).checkpoint
	f.Add(note + note)
	f.Fuzz(func(t *testing.T, raw string) {
		notes, read := newNoteReader(bytes.NewReader([]byte(raw))), ""
		for {
			printed, err := notes.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return
			}
			read += printed
		}
		if read != raw {
			t.Fatal("a file of checkpoints has two forms")
		}
	})
}

func FuzzParseManifest(f *testing.F) {
	m := newMemoryLog(f)
	m.seal(f, newAuthority(f).operational(f), 2)
	files := inMemory(f, m.exported(f, 0))
	f.Add(files[manifestName].Data)
	f.Add(files[keysName].Data)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if m, err := parseManifest(raw); err == nil && !bytes.Equal(m.encode(), raw) {
			t.Fatal("a manifest has two forms")
		}
		k, err := parseLogKeys(raw)
		if err == nil && (!bytes.Equal(k.encode(), raw) || !json.Valid(raw)) {
			t.Fatal("a file of keys has two forms")
		}
	})
}
