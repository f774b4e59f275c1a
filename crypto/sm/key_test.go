package sm

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"testing"
)

func TestPublicKeyRoundTrip(t *testing.T) {
	key := newKey(t)
	pub, err := ParsePublicKey(key.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !pub.Equal(key.Public()) || pub.Equal(newKey(t).Public()) || pub.Equal(nil) {
		t.Fatal("Equal is wrong")
	}
	pub.Bytes()[1] ^= 1
	if !pub.Equal(key.Public()) {
		t.Fatal("Bytes gave the key itself away")
	}
}

// prime is p of GB/T 32918.5-2017.
const prime = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff"

func TestPublicKeyRefused(t *testing.T) {
	good := newKeyOf(t, standardD).Public().Bytes()
	p := new(big.Int).SetBytes(fromHex(t, prime))
	minusY := new(big.Int).Sub(p, new(big.Int).SetBytes(good[33:])).Bytes()
	if _, err := ParsePublicKey(slices.Concat(good[:33], minusY)); err != nil {
		t.Fatalf("-P is a key: %v", err)
	}
	// (0, y) with y² = b: on the curve, and x+p = p is the same x written too large.
	y := new(big.Int).ModSqrt(new(big.Int).SetBytes([]byte(curve[32:64])), p).FillBytes(make([]byte, 32))
	if _, err := ParsePublicKey(slices.Concat([]byte{4}, make([]byte, 32), y)); err != nil {
		t.Fatalf("(0, √b) is a key: %v", err)
	}
	tests := map[string][]byte{
		"absent":          nil,
		"infinity":        {0},
		"64 bytes":        good[1:],
		"66 bytes":        append(slices.Clone(good), 0),
		"compressed":      append([]byte{2 + good[64]&1}, good[1:33]...),
		"hybrid":          append([]byte{6 + good[64]&1}, good[1:]...),
		"prefix 0":        append([]byte{0}, good[1:]...),
		"all zero":        append([]byte{4}, make([]byte, 64)...),
		"off the curve":   append(slices.Clone(good[:64]), good[64]^1),
		"x and y swapped": slices.Concat([]byte{4}, good[33:], good[1:33]),
		"x is p":          slices.Concat([]byte{4}, p.Bytes(), y),
		"all ones":        append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...),
		"a point of P-256": fromHex(t, "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"+
			"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
	}
	for name, point := range tests {
		if _, err := ParsePublicKey(point); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPrivateKeyRange(t *testing.T) {
	n := new(big.Int).SetBytes(order[:])
	scalar := func(offset int64) []byte { return new(big.Int).Add(n, big.NewInt(offset)).FillBytes(make([]byte, 32)) }
	one := append(make([]byte, 31), 1)
	for name, test := range map[string]struct {
		d  []byte
		ok bool
	}{
		"1": {one, true}, "n-2": {scalar(-2), true},
		"0": {make([]byte, 32), false}, "n-1": {scalar(-1), false}, "n": {scalar(0), false}, "n+1": {scalar(1), false},
		"all ones": {bytes.Repeat([]byte{0xff}, 32), false}, "absent": {nil, false}, "31 bytes": {one[1:], false}, "33 bytes": {append([]byte{0}, one...), false},
	} {
		key, err := ParsePrivateKey(test.d)
		if test.ok != (err == nil) || !test.ok && !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
		if test.ok && !bytes.Equal(key.Bytes(), test.d) {
			t.Errorf("%s: comes back as %x", name, key.Bytes())
		}
	}
}

// The smallest and the largest key sign as well as others.
func TestExtremeKeysSign(t *testing.T) {
	n := new(big.Int).SetBytes(order[:])
	for _, d := range []*big.Int{big.NewInt(1), big.NewInt(2), new(big.Int).Sub(n, big.NewInt(2))} {
		key, err := ParsePrivateKey(d.FillBytes(make([]byte, 32)))
		if err != nil {
			t.Fatal(err)
		}
		if err := NewVerifier(VerifierOptions{}).Verify("", key.Public(), message, sign(t, key, message, DER), DER); err != nil {
			t.Errorf("d = %v: %v", d, err)
		}
	}
}

func TestPrivateKeyIsNotPrinted(t *testing.T) {
	key := newKey(t)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if printed := fmt.Sprintf(format, key); printed != "sm.PrivateKey(***)" {
			t.Errorf("%s prints %s", format, printed)
		}
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var logged bytes.Buffer
		slog.New(handler(&logged)).Info("key", "key", key)
		if bytes.Contains(logged.Bytes(), fmt.Appendf(nil, "%x", key.Bytes())) || bytes.Contains(logged.Bytes(), []byte(key.key.D.String())) {
			t.Errorf("%s log: %s", name, logged.String())
		}
	}
}
