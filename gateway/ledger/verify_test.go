package ledger

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

const testOrigin = "kapok.example.cn/node-a"

func both() *sm.Verifier { return sm.NewVerifier(sm.VerifierOptions{Both: true}) }

func aReceipt(t testing.TB, e *evidence) []byte {
	t.Helper()
	raw, err := e.receipt(func(name string) bool { return name != SubjectField })
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestReceiptVerifies(t *testing.T) {
	district := newAuthority(t)
	raw := aReceipt(t, sealOne(t, district.operational(t), testOrigin, 300, anEntry()))
	report := VerifyReceipt(raw, district.bundle(), both())
	if !report.OK() {
		t.Fatalf("%+v", report.Steps)
	}
	told := report.Told
	if told.Kind != "outcome" || told.Origin != testOrigin || told.Index != 300 || told.Size != 302 {
		t.Errorf("told %+v", told)
	}
	if !slices.Equal(told.Hidden, []string{SubjectField}) || len(told.Shown) != 3 {
		t.Errorf("shown %v, hidden %v", told.Shown, told.Hidden)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil || !bytes.Equal(canonical, raw) {
		t.Errorf("RFC 8785 by another implementation differs: %v\n%s\n%s", err, raw, canonical)
	}
}

func TestCanonicalStringsAgainstAnotherImplementation(t *testing.T) {
	for _, s := range []string{"", "甲\u2028\u2029乙", "\"\\\b\f\n\r\t\x00\x1f\x7f", "<a href='x'>&</a>", "𝄞€"} {
		plain, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		want, err := jcs.Transform([]byte(`{"s":` + string(plain) + `}`))
		if err != nil {
			t.Fatal(err)
		}
		if got := append(AppendJSONString([]byte(`{"s":`), s), '}'); !bytes.Equal(got, want) {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

// TestEveryChangedByteFails is the promise of the receipt: whatever single byte is
// changed, dropped or doubled, it no longer verifies.
func TestEveryChangedByteFails(t *testing.T) {
	district := newAuthority(t)
	raw := aReceipt(t, sealOne(t, district.operational(t), testOrigin, 20, anEntry()))
	pinned := district.bundle()
	fast := sm.NewVerifier(sm.VerifierOptions{}) // refuses all the same when its second opinions run out
	if report := VerifyReceipt(raw, pinned, fast); !report.OK() {
		t.Fatalf("the unchanged receipt fails: %+v", report.Steps)
	}
	tried := 0
	try := func(changed []byte, at int, how string) {
		tried++
		if VerifyReceipt(changed, pinned, fast).OK() {
			t.Errorf("byte %d of %d %s, and it verifies:\n%s", at, len(raw), how, changed)
		}
	}
	for at := range raw {
		for _, value := range []byte{raw[at] ^ 1, raw[at] ^ 2, raw[at] ^ 0x20, raw[at] ^ 0x80, ' ', 'A', '0'} {
			if value == raw[at] {
				continue
			}
			changed := slices.Clone(raw)
			changed[at] = value
			try(changed, at, "changed")
		}
		try(slices.Delete(slices.Clone(raw), at, at+1), at, "dropped")
		try(slices.Insert(slices.Clone(raw), at, raw[at]), at, "doubled")
	}
	t.Logf("%d changes of a receipt of %d bytes, all refused", tried, len(raw))
}

// TestEveryChangedByteFailsByBoth asks both libraries, of a sample for its price.
func TestEveryChangedByteFailsByBoth(t *testing.T) {
	district := newAuthority(t)
	raw := aReceipt(t, sealOne(t, district.operational(t), testOrigin, 3, anEntry()))
	for at := 0; at < len(raw); at += 7 {
		changed := slices.Clone(raw)
		changed[at] ^= 1
		if VerifyReceipt(changed, district.bundle(), both()).OK() {
			t.Errorf("byte %d changed, and it verifies:\n%s", at, changed)
		}
	}
}

// TestForgeries changes more than a byte, as somebody who knows the format would.
func TestForgeries(t *testing.T) {
	district, stranger := newAuthority(t), newAuthority(t)
	honest := sealOne(t, district.operational(t), testOrigin, 9, anEntry())
	other := sealOne(t, district.operational(t), testOrigin, 9, anEntry())
	old := anEntry()
	old.At = time.Now().Add(time.Minute)
	for name, c := range map[string]struct {
		failing string
		forge   func(*receipt)
		of      *evidence
	}{
		"another root":            {"certificates", nil, sealOne(t, stranger.operational(t), testOrigin, 9, anEntry())},
		"a department's key":      {"certificates", nil, sealOne(t, district.signing(t, pki.Department, time.Now().Add(-time.Hour), 12*time.Hour), testOrigin, 9, anEntry())},
		"the root sent along":     {"certificates", func(r *receipt) { r.Chain = append(r.Chain, district.root) }, honest},
		"a certificate too many":  {"certificates", func(r *receipt) { r.Chain = append(r.Chain, stranger.root) }, honest},
		"no certificate":          {"certificates", func(r *receipt) { r.Chain = nil }, honest},
		"another key's chain":     {"signature", func(r *receipt) { r.Chain = withoutRoot(other.chain) }, honest},
		"another log's head":      {"inclusion", func(r *receipt) { r.Checkpoint, r.Chain = other.checkpoint, withoutRoot(other.chain) }, honest},
		"another index":           {"inclusion", func(r *receipt) { r.Index-- }, honest},
		"an index past the end":   {"inclusion", func(r *receipt) { r.Index = 99 }, honest},
		"a proof cut short":       {"inclusion", func(r *receipt) { r.Proof = r.Proof[1:] }, honest},
		"another entry":           {"inclusion", func(r *receipt) { r.Entry = other.entry }, honest},
		"another value":           {"openings", func(r *receipt) { r.Openings[0].Value = "another" }, honest},
		"a field that is not":     {"openings", func(r *receipt) { r.Openings[0].Name = "absent" }, honest},
		"a short salt":            {"openings", func(r *receipt) { r.Openings[0].Salt = r.Openings[0].Salt[:8] }, honest},
		"a field shown twice":     {"openings", func(r *receipt) { r.Openings = append(r.Openings, r.Openings[len(r.Openings)-1]) }, honest},
		"a size changed":          {"signature", func(r *receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "\n11\n", "\n12\n", 1) }, honest},
		"sealed years before":     {"certificates", func(r *receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "sealed 20", "sealed 19", 1) }, honest},
		"another version":         {"form", func(r *receipt) { r.Version = 2 }, honest},
		"a second signature line": {"checkpoint", func(r *receipt) { r.Checkpoint += r.Checkpoint[strings.Index(r.Checkpoint, dash):] }, honest},
	} {
		t.Run(name, func(t *testing.T) {
			forged, err := parseReceipt(aReceipt(t, c.of))
			if err != nil {
				t.Fatal(err)
			}
			if c.forge != nil {
				c.forge(&forged)
			}
			report := VerifyReceipt(forged.encode(), district.bundle(), both())
			at := slices.IndexFunc(report.Steps, func(s Step) bool { return s.Status == Fail })
			if at < 0 || report.Steps[at].Name != c.failing {
				t.Errorf("want step %s to fail first: %+v", c.failing, report.Steps)
			}
		})
	}
}

// TestAnExpiredKeyIsJudgedAtTheTimeOfSealing: a receipt outlives the key.
func TestAnExpiredKeyIsJudgedAtTheTimeOfSealing(t *testing.T) {
	district := newAuthority(t)
	yesterday := time.Now().Add(-24 * time.Hour)
	signing := district.signing(t, pki.Operational, yesterday, time.Hour)
	l := &Log{committer: newCommitter(), lease: Lease{Origin: testOrigin}, options: Options{Signing: func() Signing { return signing }, Now: func() time.Time { return yesterday.Add(time.Minute) }}}
	l.tree, _ = newTree(0, []Tile{{}})
	b := &batch{items: []*item{{entry: Entry{Kind: "intent", At: yesterday}}}}
	if _, err := l.prepare(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	raw, err := b.sealed(b.items[0], testOrigin).Receipt(nil)
	if err != nil {
		t.Fatal(err)
	}
	if report := VerifyReceipt(raw, district.bundle(), both()); !report.OK() {
		t.Errorf("%+v", report.Steps)
	}
	l.options.Now = time.Now
	if _, err := l.prepare(t.Context(), &batch{items: b.items}); err == nil {
		t.Error("the log signed with a key whose certificate has ended")
	}
}

func TestBundle(t *testing.T) {
	district := newAuthority(t)
	raw := district.bundle().Encode()
	read, err := ParseBundle(append(raw, '\n'))
	if err != nil || read.Name != "测试区" || !bytes.Equal(read.Roots[0], district.root) {
		t.Fatalf("%v %v", read.Name, err)
	}
	for name, bad := range map[string][]byte{
		"no root":        (Bundle{Name: "x", Roots: [][]byte{}}).Encode(),
		"not canonical":  bytes.Replace(raw, []byte(`"kind":`), []byte(`"kind": `), 1),
		"another kind":   bytes.Replace(raw, []byte(bundleKind), []byte("kapok-receipt"), 1),
		"a root cut off": (Bundle{Roots: [][]byte{district.root[:100]}}).Encode(),
		"something else": []byte("{}"),
	} {
		if _, err := ParseBundle(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzParseReceipt(f *testing.F) {
	f.Add(aReceipt(f, sealOne(f, newAuthority(f).operational(f), testOrigin, 3, anEntry())))
	f.Fuzz(func(t *testing.T, raw []byte) {
		read, err := parseReceipt(raw)
		if err == nil && !bytes.Equal(read.encode(), raw) {
			t.Fatal("a receipt has two forms")
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(sealOne(f, newAuthority(f).operational(f), testOrigin, 3, anEntry()).checkpoint)
	f.Fuzz(func(t *testing.T, printed string) {
		n, err := parseNote(printed)
		if err != nil {
			return
		}
		if n.String() != printed {
			t.Fatal("a note has two forms")
		}
		if c, err := n.checkpoint(); err == nil && c.text() != n.text {
			t.Fatal("a checkpoint has two forms")
		}
	})
}
