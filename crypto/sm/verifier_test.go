package sm

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
)

var message = []byte("a message")

// generous asks for a second opinion whenever it is due.
func generous() *Verifier {
	return NewVerifier(VerifierOptions{SecondOpinionsPerSecond: 1e6, Burst: 1e6, TotalPerSecond: 1e6, TotalBurst: 1e6})
}

func TestSignAndVerify(t *testing.T) {
	key := newKey(t)
	for _, verifier := range []*Verifier{generous(), NewVerifier(VerifierOptions{Both: true})} {
		for _, enc := range []Encoding{DER, Raw} {
			for _, msg := range [][]byte{nil, []byte("x"), message, make([]byte, 100_000)} {
				if err := verifier.Verify("a", key.Public(), msg, sign(t, key, msg, enc), enc); err != nil {
					t.Fatalf("encoding %d, %d bytes: %v", enc, len(msg), err)
				}
				if err := verifier.Verify("a", key.Public(), append([]byte("y"), msg...), sign(t, key, msg, enc), enc); !errors.Is(err, ErrInvalid) {
					t.Fatalf("another message: %v", err)
				}
			}
		}
	}
}

func TestKeysWithLeadingZeros(t *testing.T) {
	verifier := NewVerifier(VerifierOptions{Both: true})
	for found := 0; found < 4; {
		key := newKey(t)
		point := key.Public().Bytes()
		if point[1] != 0 && point[33] != 0 {
			continue
		}
		found++
		if err := verifier.Verify("", key.Public(), message, sign(t, key, message, DER), DER); err != nil {
			t.Fatalf("%x: %v", point, err)
		}
	}
}

func TestSignerID(t *testing.T) {
	key := newKey(t)
	verifier := NewVerifier(VerifierOptions{Both: true})
	long := bytes.Repeat([]byte("i"), 8191)
	for _, id := range [][]byte{[]byte("A"), []byte("ALICE123@YAHOO.COM"), long} {
		sig, err := key.SignWithID(id, message, DER)
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.VerifyWithID("", key.Public(), id, message, sig, DER); err != nil {
			t.Fatalf("%d bytes: %v", len(id), err)
		}
		if err := verifier.Verify("", key.Public(), message, sig, DER); !errors.Is(err, ErrInvalid) {
			t.Fatalf("another id: %v", err)
		}
	}
	for _, id := range [][]byte{nil, {}, append(long, 'i')} {
		if _, err := key.SignWithID(id, message, DER); !errors.Is(err, ErrID) {
			t.Fatalf("%d bytes: %v", len(id), err)
		}
		if err := verifier.VerifyWithID("", key.Public(), id, message, sign(t, key, message, DER), DER); !errors.Is(err, ErrID) {
			t.Fatalf("%d bytes: %v", len(id), err)
		}
	}
}

// der writes a SEQUENCE of two INTEGERs from their contents, canonical or not.
func der(r, s []byte) []byte {
	body := slices.Concat([]byte{2, byte(len(r))}, r, []byte{2, byte(len(s))}, s)
	return append([]byte{0x30, byte(len(body))}, body...)
}

func TestMalformedSignatures(t *testing.T) {
	good, err := parseSignature(fromHex(t, standardR+standardS), Raw)
	if err != nil {
		t.Fatal(err)
	}
	n := order[:]
	above := new(big.Int).Add(new(big.Int).SetBytes(n), big.NewInt(1)).Bytes()
	r0 := append([]byte{0}, good.r[:]...) // r and s both have their top bit set
	s0 := append([]byte{0}, good.s[:]...)
	valid := good.der()
	long := append([]byte{0x30, 0x81, byte(len(valid) - 2)}, valid[2:]...)
	tests := []struct {
		name string
		enc  Encoding
		sig  []byte
	}{
		{"der: absent", DER, nil},
		{"der: raw bytes", DER, fromHex(t, standardR+standardS)},
		{"der: cut", DER, valid[:len(valid)-1]},
		{"der: trailing byte", DER, append(slices.Clone(valid), 0)},
		{"der: trailing byte inside", DER, append([]byte{0x30, valid[1] + 2}, append(slices.Clone(valid[2:]), 5, 0)...)},
		{"der: long form of length", DER, long},
		{"der: indefinite length", DER, append(append([]byte{0x30, 0x80}, valid[2:]...), 0, 0)},
		{"der: r without its zero, negative", DER, der(good.r[:], s0)},
		{"der: s without its zero, negative", DER, der(r0, good.s[:])},
		{"der: r with a second zero", DER, der(append([]byte{0}, r0...), s0)},
		{"der: s with a second zero", DER, der(r0, append([]byte{0}, s0...))},
		{"der: r empty", DER, der(nil, s0)},
		{"der: r is 0", DER, der([]byte{0}, s0)},
		{"der: s is 0", DER, der(r0, []byte{0})},
		{"der: r is n", DER, der(append([]byte{0}, n...), s0)},
		{"der: s is n", DER, der(r0, append([]byte{0}, n...))},
		{"der: r is n+1", DER, der(append([]byte{0}, above...), s0)},
		{"der: r of 34 bytes", DER, der(append([]byte{1, 0}, good.r[:]...), s0)},
		{"der: r is -1", DER, der([]byte{0xff}, s0)},
		{"der: a third integer", DER, append([]byte{0x30, valid[1] + 3}, append(slices.Clone(valid[2:]), 2, 1, 1)...)},
		{"der: a set", DER, append([]byte{0x31}, valid[1:]...)},
		{"der: an octet string", DER, append([]byte{0x30, valid[1], 4}, valid[3:]...)},
		{"der: oversized", DER, append(slices.Clone(valid), make([]byte, 1<<20)...)},
		{"raw: absent", Raw, nil},
		{"raw: der bytes", Raw, valid},
		{"raw: 63 bytes", Raw, fromHex(t, standardR+standardS)[:63]},
		{"raw: 65 bytes", Raw, append(fromHex(t, standardR+standardS), 0)},
		{"raw: r is 0", Raw, append(make([]byte, 32), good.s[:]...)},
		{"raw: s is 0", Raw, append(slices.Clone(good.r[:]), make([]byte, 32)...)},
		{"raw: r is n", Raw, append(slices.Clone(n), good.s[:]...)},
		{"raw: s is n", Raw, append(slices.Clone(good.r[:]), n...)},
		{"raw: s is 2^256-1", Raw, append(slices.Clone(good.r[:]), bytes.Repeat([]byte{0xff}, 32)...)},
	}
	pub := newKeyOf(t, standardD).Public()
	// No budget at all: what is malformed needs no second opinion.
	verifier := NewVerifier(VerifierOptions{SecondOpinionsPerSecond: 1e-9, Burst: 1, OnLimited: func(string) { t.Error("an opinion was asked for") }})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := verifier.Verify("", pub, []byte(standardM), test.sig, test.enc); !errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v", err)
			}
		})
	}
	for _, enc := range []Encoding{-1, 2} {
		if err := verifier.Verify("", pub, []byte(standardM), valid, enc); !errors.Is(err, ErrEncoding) {
			t.Fatalf("encoding %d: %v", enc, err)
		}
	}
}

// r + s = n is well-formed and never valid (GB/T 32918.2-2016 §7.1, B6).
func TestSumOfOrder(t *testing.T) {
	sig := signature{}
	sig.r[31] = 1
	new(big.Int).Sub(new(big.Int).SetBytes(order[:]), big.NewInt(1)).FillBytes(sig.s[:])
	raw, err := sig.encode(Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := generous().Verify("", newKey(t).Public(), message, raw, Raw); !errors.Is(err, ErrInvalid) {
		t.Fatalf("got %v", err)
	}
}

func TestNoKey(t *testing.T) {
	key := newKey(t)
	sig := sign(t, key, message, DER)
	for _, pub := range []*PublicKey{nil, {}} {
		if err := generous().Verify("", pub, message, sig, DER); !errors.Is(err, ErrKey) {
			t.Fatalf("got %v", err)
		}
		if err := generous().VerifyDigest("", pub, [Size]byte{}, sig, DER); !errors.Is(err, ErrKey) {
			t.Fatalf("got %v", err)
		}
	}
}

// alarms counts a verifier's hooks.
type alarms struct{ disagreed, limited []string }

func (a *alarms) options() VerifierOptions {
	return VerifierOptions{
		OnDisagreement: func(caller string) { a.disagreed = append(a.disagreed, caller) },
		OnLimited:      func(caller string) { a.limited = append(a.limited, caller) },
	}
}

// A real disagreement: where sG = tP, tjfoc's point addition does not double, and
// it refuses a valid signature (standards.md §4). The signer alone can make one,
// by choosing the digest: s and k = 2s free, r = s(1-d)/d, e = r - x(kG).
func disagreement(t *testing.T, key *PrivateKey) (digest [Size]byte, sig []byte) {
	t.Helper()
	n := new(big.Int).SetBytes(order[:])
	d := key.key.D
	s := big.NewInt(123456789)
	r := new(big.Int).Sub(big.NewInt(1), d)
	r.Mul(r, s).Mul(r, new(big.Int).ModInverse(d, n)).Mod(r, n)
	kG, err := ParsePrivateKey(big.NewInt(2 * 123456789).FillBytes(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	e := new(big.Int).Sub(r, new(big.Int).SetBytes(kG.Public().Bytes()[1:33]))
	e.Mod(e, n).FillBytes(digest[:])
	sig = append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return digest, sig
}

func TestDisagreementIsUndecided(t *testing.T) {
	key := newKey(t)
	digest, sig := disagreement(t, key)
	var a alarms
	options := a.options()
	options.Both = true
	if err := NewVerifier(options).VerifyDigest("sys-1", key.Public(), digest, sig, Raw); !errors.Is(err, ErrUndecided) {
		t.Fatalf("got %v", err)
	}
	if !slices.Equal(a.disagreed, []string{"sys-1"}) || len(a.limited) != 0 {
		t.Fatalf("alarms: %+v", a)
	}
	if err := NewVerifier(VerifierOptions{}).VerifyDigest("sys-1", key.Public(), digest, sig, Raw); err != nil {
		t.Fatalf("the fast library decides what is valid: %v", err)
	}
}

// The case of issue 560: the fast library refuses what the other accepts. It is
// made here by giving the fast one another key.
func TestFastLibraryRefusingWronglyIsUndecided(t *testing.T) {
	key := newKey(t)
	pub := *key.Public()
	pub.fast = newKey(t).Public().fast
	var a alarms
	if err := NewVerifier(a.options()).Verify("sys-1", &pub, message, sign(t, key, message, DER), DER); !errors.Is(err, ErrUndecided) {
		t.Fatalf("got %v", err)
	}
	if !slices.Equal(a.disagreed, []string{"sys-1"}) {
		t.Fatalf("alarms: %+v", a)
	}
}

// A panic of the second library is no answer, and an alarm.
func TestPanicIsUndecided(t *testing.T) {
	key := newKey(t)
	pub := *key.Public()
	pub.second = nil
	var a alarms
	if err := NewVerifier(a.options()).Verify("sys-1", &pub, []byte("another"), sign(t, key, message, DER), DER); !errors.Is(err, ErrUndecided) {
		t.Fatalf("got %v", err)
	}
	if len(a.disagreed) != 1 {
		t.Fatalf("alarms: %+v", a)
	}
}

func TestLimitedIsUndecidedAndNeverForged(t *testing.T) {
	key := newKey(t)
	good, junk := sign(t, key, message, DER), sign(t, newKey(t), message, DER)
	var a alarms
	options := a.options()
	options.SecondOpinionsPerSecond, options.Burst = 0.001, 3
	verifier := NewVerifier(options)
	want := []error{ErrInvalid, ErrInvalid, ErrInvalid, ErrUndecided, ErrUndecided}
	for i, want := range want {
		if err := verifier.Verify("junk", key.Public(), message, junk, DER); !errors.Is(err, want) {
			t.Fatalf("try %d: %v, want %v", i, err, want)
		}
	}
	if len(a.limited) != 2 || a.limited[0] != "junk" || len(a.disagreed) != 0 {
		t.Fatalf("alarms: %+v", a)
	}
	if err := verifier.Verify("junk", key.Public(), message, good, DER); err != nil {
		t.Fatalf("a valid signature of the limited caller: %v", err)
	}
	if err := verifier.Verify(apart(verifier.limit, "junk"), key.Public(), message, junk, DER); !errors.Is(err, ErrInvalid) {
		t.Fatalf("another caller: %v", err)
	}
}

func TestConcurrentUse(t *testing.T) {
	key := newKey(t)
	verifier := generous()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				sig := sign(t, key, message, Raw)
				if err := verifier.Verify("a", key.Public(), message, sig, Raw); err != nil {
					t.Error(err)
				}
				sig[40] ^= 1
				if err := verifier.Verify("a", key.Public(), message, sig, Raw); !errors.Is(err, ErrInvalid) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDomain(t *testing.T) {
	key := newKey(t)
	verifier := generous()
	sig := sign(t, key, Domain("kapok/a/v1").Message(message), DER)
	if err := verifier.Verify("", key.Public(), Domain("kapok/a/v1").Message(message), sig, DER); err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string][]byte{
		"another domain":    Domain("kapok/b/v1").Message(message),
		"no domain":         message,
		"border moved":      Domain("kapok/a/v").Message(append([]byte("1"), message...)),
		"domain lengthened": Domain("kapok/a/v1a").Message(message[1:]),
	} {
		if err := verifier.Verify("", key.Public(), other, sig, DER); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", strings.Repeat("d", 256)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a name of %d bytes was taken", len(name))
				}
			}()
			Domain(name).Message(nil)
		}()
	}
}

func TestNoByteMayChange(t *testing.T) {
	key := newKey(t)
	verifier := generous()
	for _, enc := range []Encoding{DER, Raw} {
		sig := sign(t, key, message, enc)
		for i := range sig {
			changed := slices.Clone(sig)
			changed[i] ^= 1 << (i % 8)
			if err := verifier.Verify("", key.Public(), message, changed, enc); !errors.Is(err, ErrInvalid) {
				t.Fatalf("encoding %d, byte %d: %v", enc, i, err)
			}
		}
		for i := range message {
			changed := slices.Clone(message)
			changed[i] ^= 1 << (i % 8)
			if err := verifier.Verify("", key.Public(), changed, sig, enc); !errors.Is(err, ErrInvalid) {
				t.Fatalf("message, byte %d: %v", i, err)
			}
		}
	}
}
