package licence_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway/licence"
)

type signedBy struct {
	key   *sm.PrivateKey
	chain [][]byte
	roots []*pki.Certificate
}

// operationalKey makes a root and an operational key under it, in force around now.
func operationalKey(t testing.TB, now time.Time) signedBy {
	t.Helper()
	rootKey, key := mustKey(t), mustKey(t)
	rootDER, err := pki.NewRoot(context.Background(), rootKey, "Test root", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	root, err := pki.Parse(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := pki.Issue(context.Background(), root, rootKey, pki.Request{Name: "node-1", Usage: pki.Operational, From: now.Add(-time.Hour), To: now.Add(time.Hour), Public: key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return signedBy{key, [][]byte{leaf, rootDER}, []*pki.Certificate{root}}
}

func mustKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func shownOffline(t testing.TB, by signedBy, now time.Time) string {
	t.Helper()
	m := licence.Metadata{Elements: map[licence.Element]string{
		licence.Name: "最低生活保障证", licence.Number: "DB-1", licence.IdentifierText: "1.2.3", licence.IssuerName: "民政局",
		licence.HolderName: "测试甲", licence.HolderCode: "11010519491231002X", licence.ExpiresOn: now.AddDate(0, 0, 1).Format(time.DateOnly),
	}}
	text, err := licence.NewOffline("ABCDEFGHIJKLMNOP", "", []licence.Metadata{m, m}, now).Sign(context.Background(), by.key, by.chain)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// failed is the step that failed, "" where all passed; read is false for what is no
// presentation at all.
func failed(text string, roots []*pki.Certificate, now time.Time) (step string, read bool) {
	parsed, err := licence.ParseOffline(text)
	if err != nil {
		return "", false
	}
	steps := parsed.Verify(sm.NewVerifier(sm.VerifierOptions{Both: true}), roots, now)
	if last := steps[len(steps)-1]; last.Err != nil {
		return last.Name, true
	}
	return "", true
}

func TestOfflinePresentation(t *testing.T) {
	now := time.Now()
	by, other := operationalKey(t, now), operationalKey(t, now)
	text := shownOffline(t, by, now)
	if strings.Contains(text, "11010519491231002X") || len(text) > 2900 {
		t.Errorf("it holds the whole number, or is %d bytes long", len(text))
	}
	parts := strings.Split(text, ".")
	spoilt := []byte(parts[1])
	spoilt[len(spoilt)/2] ^= 1
	for name, try := range map[string]struct {
		text string
		pins signedBy
		at   time.Time
		step string
	}{
		"as it was made":                 {text, by, now, ""},
		"just before it ends":            {text, by, now.Add(4 * time.Minute), ""},
		"a screenshot of six minutes":    {text, by, now.Add(6 * time.Minute), "time"},
		"from the future":                {text, by, now.Add(-time.Hour), "time"},
		"of another district":            {text, other, now, "certificate"},
		"signed with another key":        {shownOffline(t, signedBy{other.key, by.chain, by.roots}, now), by, now, "signature"},
		"made when its key was not born": {shownOffline(t, by, now.AddDate(0, 0, -2)), by, now.AddDate(0, 0, -2), "certificate"},
	} {
		if step, read := failed(try.text, try.pins.roots, try.at); !read || step != try.step {
			t.Errorf("%s: read %v, the step %q failed, want %q", name, read, step, try.step)
		}
	}
	if step, read := failed(strings.Join([]string{parts[0], string(spoilt), parts[2], parts[3]}, "."), by.roots, now); read && step == "" {
		t.Error("a changed document passes")
	}
}

// FuzzOffline: nothing that is read makes the verifier panic, and only what the key
// signed passes.
func FuzzOffline(f *testing.F) {
	now := time.Now()
	by := operationalKey(f, now)
	text := shownOffline(f, by, now)
	f.Add(text)
	f.Add("KPKO1.e30.AA.AA")
	f.Add("KPKO1." + strings.Repeat("A.", 20))
	f.Fuzz(func(t *testing.T, changed string) {
		if step, read := failed(changed, by.roots, now); read && step == "" && strings.TrimSpace(changed) != text {
			t.Errorf("%q passes", changed)
		}
	})
}
