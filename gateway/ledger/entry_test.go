package ledger

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"kapok/crypto/sm"
)

func anEntry() Entry {
	return Entry{
		Kind: "outcome", Ref: "00112233445566778899aabbccddeeff", At: time.UnixMilli(1_700_000_000_123),
		Fields: []Field{{"system", "sys-district-hall"}, {"item", "个人社保缴费信息"}, {"empty", ""}},
	}
}

// TestEncodingByHand builds the bytes of FORMAT.md §2 without this package's code.
func TestEncodingByHand(t *testing.T) {
	salt := bytes.Repeat([]byte{7}, 16)
	opened := Opening{Name: "item", Salt: salt, Value: "甲"}
	byHand := "kapok/field/v1\x00" + "\x04item" + "\x10" + string(salt) + "甲"
	if want := sm.Sum([]byte(byHand)); opened.Commitment() != want {
		t.Fatalf("commitment %x, want %x", opened.Commitment(), want)
	}
	leaf := Leaf{Kind: "intent", Ref: "00112233445566778899aabbccddeeff", At: time.UnixMilli(1_700_000_000_123),
		Commitments: []Commitment{{"item", Hash{1}}, {"system", Hash{2}}}}
	encoded, err := leaf.encode()
	if err != nil {
		t.Fatal(err)
	}
	want := "01" + "06" + hex.EncodeToString([]byte("intent")) + "10" + "00112233445566778899aabbccddeeff" +
		"0000018bcfe5687b" + "02" +
		"04" + hex.EncodeToString([]byte("item")) + "01" + strings.Repeat("00", 31) +
		"06" + hex.EncodeToString([]byte("system")) + "02" + strings.Repeat("00", 31)
	if got := hex.EncodeToString(encoded); got != want {
		t.Fatalf("encoded\n%s, want\n%s", got, want)
	}
}

// TestVectors are those of FORMAT.md §8, computed with OpenSSL's SM3.
func TestVectors(t *testing.T) {
	opened := Opening{Name: "item", Salt: bytes.Repeat([]byte{7}, 16), Value: "甲"}
	if got := fmt.Sprintf("%x", opened.Commitment()); got != "22a70eee2db8e5ea1a756cecca7af81243299617b02a1552eefbaa0581c69889" {
		t.Errorf("commitment %s", got)
	}
	leaf := Leaf{Kind: "intent", Ref: "00112233445566778899aabbccddeeff", At: time.UnixMilli(1_700_000_000_123),
		Commitments: []Commitment{{"item", opened.Commitment()}}}
	encoded, err := leaf.encode()
	if err != nil {
		t.Fatal(err)
	}
	hash := LeafHash(encoded)
	if got := fmt.Sprintf("%x", hash); got != "ce1b8e9aaf501c48d48935d0dab8b73a91d416fa743d9a33d3902f97202e3a5b" {
		t.Errorf("leaf %s", got)
	}
	if got := fmt.Sprintf("%x", nodeHash(&hash, &hash)); got != "8f8bd888a7ae33aefce653043bb02118d16d7b8c8b8ce4a50f74e6fc6acaf595" {
		t.Errorf("node %s", got)
	}
}

func TestCommitAndOpen(t *testing.T) {
	encoded, packed, err := newCommitter().commit(anEntry(), "0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ParseLeaf(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if leaf.Kind != "outcome" || leaf.Ref != anEntry().Ref || !leaf.At.Equal(anEntry().At) || len(leaf.Commitments) != 4 {
		t.Fatalf("read back %+v", leaf)
	}
	again, err := DecodeOpenings(packed)
	if err != nil || len(again) != 4 {
		t.Fatalf("openings %v, %v", again, err)
	}
	salts := map[string]bool{}
	for _, o := range again {
		committed, found := leaf.commitment(o.Name)
		if !found || committed != o.Commitment() {
			t.Errorf("field %s does not open", o.Name)
		}
		salts[string(o.Salt)] = true
	}
	if len(salts) != 4 {
		t.Error("two fields share a salt")
	}
	other, _, err := newCommitter().commit(anEntry(), "0123456789abcdef0123456789abcdef")
	if err != nil || bytes.Equal(other, encoded) {
		t.Error("the same entry commits to the same bytes twice: it is not salted")
	}
}

func TestEntryRules(t *testing.T) {
	long := strings.Repeat("x", maxValue+1)
	for name, change := range map[string]func(*Entry){
		"no kind":             func(e *Entry) { e.Kind = "" },
		"kind in capitals":    func(e *Entry) { e.Kind = "Intent" },
		"kind too long":       func(e *Entry) { e.Kind = Kind(strings.Repeat("k", 65)) },
		"ref in capitals":     func(e *Entry) { e.Ref = strings.ToUpper(e.Ref) },
		"ref too short":       func(e *Entry) { e.Ref = e.Ref[2:] },
		"before 1970":         func(e *Entry) { e.At = time.Unix(-1, 0) },
		"name with space":     func(e *Entry) { e.Fields[0].Name = "a b" },
		"name twice":          func(e *Entry) { e.Fields[0].Name = "item" },
		"subject":             func(e *Entry) { e.Fields[0].Name = SubjectField },
		"value too long":      func(e *Entry) { e.Fields[0].Value = long },
		"value is not UTF-8":  func(e *Entry) { e.Fields[0].Value = "\xff" },
		"too many fields":     func(e *Entry) { e.Fields = make([]Field, maxFields) },
		"name is not lowered": func(e *Entry) { e.Fields[0].Name = "Item2" },
	} {
		entry := anEntry()
		change(&entry)
		err := entry.Check()
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		if strings.Contains(err.Error(), "sys-district-hall") || strings.Contains(err.Error(), long) {
			t.Errorf("%s: the error echoes a value: %v", name, err)
		}
	}
	if err := anEntry().Check(); err != nil {
		t.Error(err)
	}
}

func FuzzParseLeaf(f *testing.F) {
	encoded, _, err := newCommitter().commit(anEntry(), "subject")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte{1, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		leaf, err := ParseLeaf(raw)
		if err != nil {
			return
		}
		again, err := leaf.encode()
		if err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("two encodings of one entry: %x and %x, %v", raw, again, err)
		}
	})
}

func FuzzDecodeOpenings(f *testing.F) {
	_, packed, err := newCommitter().commit(anEntry(), "subject")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := DecodeOpenings(raw)
		if err != nil {
			return
		}
		again := []byte{openingVersion, byte(len(read))}
		for _, o := range read {
			again = o.pack(again)
		}
		if !bytes.Equal(again, raw) {
			t.Fatalf("openings do not pack as they were: %x", raw)
		}
	})
}
