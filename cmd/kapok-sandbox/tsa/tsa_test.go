package tsa

import (
	"bytes"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/crypto/tsp"
)

var verifier = sm.NewVerifier(sm.VerifierOptions{Both: true})

func stamped(t testing.TB, imprint tsp.Imprint) (a *Authority, reply []byte, nonce *big.Int) {
	t.Helper()
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	query, nonce, err := tsp.NewQuery(imprint)
	if err != nil {
		t.Fatal(err)
	}
	reply, err = a.Reply(t.Context(), query, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return a, reply, nonce
}

func rootOf(t testing.TB, a *Authority) []*pki.Certificate {
	t.Helper()
	root, err := pki.Parse(a.root)
	if err != nil {
		t.Fatal(err)
	}
	return []*pki.Certificate{root}
}

func check(reply []byte, imprint tsp.Imprint, roots []*pki.Certificate) (*tsp.Token, error) {
	der, err := tsp.ParseReply(reply)
	if err != nil {
		return nil, err
	}
	token, err := tsp.ParseToken(der)
	if err != nil {
		return nil, err
	}
	return token, token.Verify(verifier, "test", imprint, nil, roots)
}

func TestStampsVerify(t *testing.T) {
	for name, by := range map[string]func([]byte) tsp.Imprint{"SM3": tsp.BySM3, "SHA-256": tsp.BySHA256} {
		a, reply, nonce := stamped(t, by([]byte("a checkpoint")))
		token, err := check(reply, by([]byte("a checkpoint")), rootOf(t, a))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if token.Nonce.Cmp(nonce) != 0 || time.Since(token.Time) > time.Minute {
			t.Errorf("%s: nonce %v, time %v", name, token.Nonce, token.Time)
		}
		if _, err := check(reply, by([]byte("another")), rootOf(t, a)); err == nil {
			t.Errorf("%s: it verifies for something else", name)
		}
		other, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := check(reply, by([]byte("a checkpoint")), rootOf(t, other)); err == nil {
			t.Errorf("%s: it verifies under another authority's root", name)
		}
	}
}

// bound are the parts of a token that nothing signs, and that change nothing: the
// lists of algorithms, and the signer's name, for which the signed attribute stands.
func TestEveryByteIsBoundOrHarmless(t *testing.T) {
	imprint := tsp.BySM3([]byte("a checkpoint"))
	a, reply, _ := stamped(t, imprint)
	roots := rootOf(t, a)
	want, err := check(reply, imprint, roots)
	if err != nil {
		t.Fatal(err)
	}
	for at := range reply {
		changed := bytes.Clone(reply)
		changed[at] ^= 1
		got, err := check(changed, imprint, roots)
		if err == nil && (!got.Time.Equal(want.Time) || got.Serial.Cmp(want.Serial) != 0 || got.Nonce.Cmp(want.Nonce) != 0) {
			t.Errorf("byte %d: changed, and it verifies and says another thing", at)
		}
	}
}

func TestRefusalIsNoToken(t *testing.T) {
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := a.Reply(t.Context(), []byte{0x30, 0}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tsp.ParseReply(reply); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("error: %v", err)
	}
}

// TestOpenSSLReadsBoth: the query and the reply are those of RFC 3161 also to OpenSSL.
func TestOpenSSLReadsBoth(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	folder := t.TempDir()
	query, _, err := tsp.NewQuery(tsp.BySM3([]byte("a checkpoint")))
	if err != nil {
		t.Fatal(err)
	}
	a, err := New()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := a.Reply(t.Context(), query, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		der  []byte
		args []string
	}{
		"query": {query, []string{"ts", "-query", "-text"}},
		"reply": {reply, []string{"ts", "-reply", "-text"}},
	} {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, one.der, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), openssl, append(one.args, "-in", file)...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "sm3") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func FuzzReply(f *testing.F) {
	_, reply, _ := stamped(f, tsp.BySM3([]byte("x")))
	f.Add(reply)
	f.Fuzz(func(_ *testing.T, raw []byte) { _, _ = check(raw, tsp.BySM3([]byte("x")), nil) })
}
