package ledger

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
)

// The receipts that the page in the browser is tested with (gateway/web/src/proof): an
// implementation of its own, in another language, over another library. Both have to
// find the same step at fault. KAPOK_WRITE_VECTORS=1 makes them anew.
const browserVectors = "../web/src/proof/testdata/receipts.json"

type browserCases struct {
	Bundle string        `json:"bundle"`
	Cases  []browserCase `json:"cases"`
}

type browserCase struct {
	Name    string `json:"name"`
	Receipt string `json:"receipt"`
	Fails   string `json:"fails"` // the first step that fails; "" where the receipt is true
}

func TestBrowserVectors(t *testing.T) {
	if os.Getenv("KAPOK_WRITE_VECTORS") != "" {
		writeBrowserVectors(t)
	}
	raw, err := os.ReadFile(browserVectors)
	if err != nil {
		t.Fatal(err)
	}
	var vectors browserCases
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	pinned, err := ParseBundle([]byte(vectors.Bundle))
	if err != nil || len(vectors.Cases) < 15 {
		t.Fatalf("%d cases: %v", len(vectors.Cases), err)
	}
	for _, c := range vectors.Cases {
		if got := firstFailure(VerifyReceipt([]byte(c.Receipt), pinned, both())); got != c.Fails {
			t.Errorf("%s: %q fails, the vector says %q", c.Name, got, c.Fails)
		}
	}
}

func firstFailure(report Report) string {
	at := slices.IndexFunc(report.Steps, func(s Step) bool { return s.Status == Fail })
	if at < 0 {
		return ""
	}
	return report.Steps[at].Name
}

func writeBrowserVectors(t *testing.T) {
	t.Helper()
	district, stranger := newAuthority(t), newAuthority(t)
	signed := func(s Signing) receipt { return browserReceipt(t, s, 300, anEntry()) }
	sound := signed(district.operational(t))
	receipts := map[string]receipt{
		"true":                         sound,
		"true, the first of its log":   browserReceipt(t, district.operational(t), 0, anEntry()),
		"true, in a tree of 130":       browserReceipt(t, district.operational(t), 128, anEntry()),
		"of a stranger's root":         signed(stranger.operational(t)),
		"signed by a department's key": signed(district.signing(t, pki.Department, time.Now().Add(-time.Hour), 12*time.Hour)),
	}
	for name, change := range browserTampers {
		changed := sound
		changed.Chain, changed.Proof, changed.Openings = slices.Clone(sound.Chain), slices.Clone(sound.Proof), slices.Clone(sound.Openings)
		change(&changed)
		receipts[name] = changed
	}
	vectors := browserCases{Bundle: string(district.bundle().Encode())}
	add := func(name, raw string) {
		fails := firstFailure(VerifyReceipt([]byte(raw), district.bundle(), both()))
		vectors.Cases = append(vectors.Cases, browserCase{name, raw, fails})
	}
	for _, name := range slices.Sorted(maps.Keys(receipts)) {
		add(name, string(receipts[name].encode()))
	}
	printed := string(sound.encode())
	add("with a space", strings.Replace(printed, `,"index"`, `, "index"`, 1))
	add("with a member more", strings.Replace(printed, `,"index"`, `,"extra":1,"index"`, 1))
	add("with a byte order mark", "\ufeff"+printed)
	add("of another version", strings.Replace(printed, `"v":1`, `"v":2`, 1))
	out, err := json.MarshalIndent(vectors, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(browserVectors, append(out, '\n'), 0o644); err != nil { //nolint:gosec // test vectors
		t.Fatal(err)
	}
}

var browserTampers = map[string]func(*receipt){
	"another value":            func(r *receipt) { r.Openings[0].Value += "甲" },
	"another salt":             func(r *receipt) { r.Openings[0].Salt = flipped(r.Openings[0].Salt) },
	"openings out of order":    func(r *receipt) { slices.Reverse(r.Openings) },
	"an opening twice":         func(r *receipt) { r.Openings = append(r.Openings, r.Openings[len(r.Openings)-1]) },
	"another entry":            func(r *receipt) { r.Entry = flipped(r.Entry) },
	"an entry with a tail":     func(r *receipt) { r.Entry = append(slices.Clone(r.Entry), 0) },
	"another index":            func(r *receipt) { r.Index-- },
	"an index beyond the tree": func(r *receipt) { r.Index += 1000 },
	"another proof":            func(r *receipt) { r.Proof[3] = flipped(r.Proof[3]) },
	"a proof too short":        func(r *receipt) { r.Proof = r.Proof[1:] },
	"a proof too long":         func(r *receipt) { r.Proof = append(r.Proof, r.Proof[0]) },
	"another size":             func(r *receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "\n302\n", "\n303\n", 1) },
	"another time of sealing":  func(r *receipt) { r.Checkpoint = strings.Replace(r.Checkpoint, "sealed 20", "sealed 21", 1) },
	"a checkpoint with a line": func(r *receipt) { r.Checkpoint += "\u2014 witness AAAA\n" },
	"a certificate changed":    func(r *receipt) { r.Chain[0] = flipped(r.Chain[0]) },
	"a certificate too many":   func(r *receipt) { r.Chain = append(r.Chain, r.Chain[0]) },
	"no certificate":           func(r *receipt) { r.Chain = nil },
	"a signature with one flip": func(r *receipt) {
		r.Checkpoint = r.Checkpoint[:len(r.Checkpoint)-8] + "AAAA" + r.Checkpoint[len(r.Checkpoint)-4:]
	},
}

// flipped changes the last byte but one.
func flipped(raw []byte) []byte {
	changed := slices.Clone(raw)
	changed[len(changed)-2] ^= 1
	return changed
}

func browserReceipt(t *testing.T, s Signing, others int, entry Entry) receipt {
	t.Helper()
	read, err := parseReceipt(aReceipt(t, sealOne(t, s, testOrigin, others, entry)))
	if err != nil {
		t.Fatal(err)
	}
	return read
}
