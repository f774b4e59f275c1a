package sm

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// What is accepted is in range and has no second form.
func FuzzParseDER(f *testing.F) {
	f.Add(fromHex(f, issueSignature))
	f.Add(der([]byte{1}, []byte{1}))
	f.Add([]byte{0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0})
	f.Fuzz(func(t *testing.T, sig []byte) {
		parsed, err := parseSignature(sig, DER)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(parsed.der(), sig) || !inRange(&parsed.r) || !inRange(&parsed.s) {
			t.Fatalf("accepted: %x", sig)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(fromHex(f, standardP))
	f.Add(fromHex(f, issuePoint))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, point []byte) {
		pub, err := ParsePublicKey(point)
		if err != nil {
			return
		}
		if !bytes.Equal(pub.Bytes(), point) {
			t.Fatalf("accepted: %x", point)
		}
	})
}

// Both libraries say the same of any r, s and digest, and neither panics.
func FuzzLibrariesAgree(f *testing.F) {
	key := newKeyOf(f, standardD)
	f.Add(fromHex(f, standardR+standardS), fromHex(f, "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"))
	f.Add(append(make([]byte, 31), append([]byte{1}, order[:]...)...), make([]byte, 32))
	f.Fuzz(func(t *testing.T, raw, digest []byte) {
		sig, err := parseSignature(raw, Raw)
		if err != nil || len(digest) != Size {
			return
		}
		q := question{pub: key.Public(), sig: sig, digest: [Size]byte(digest)}
		second, answered := secondOpinion(&q)
		if !answered || firstOpinion(&q) != second {
			t.Fatalf("r‖s %x, e %x: answered %v", raw, digest, answered)
		}
	})
}

// No changed byte of signature or message verifies.
func FuzzMalleability(f *testing.F) {
	key := newKeyOf(f, standardD)
	verifier := generous()
	f.Add([]byte(standardM), uint16(3), byte(1))
	f.Add([]byte{}, uint16(70), byte(0x80))
	f.Fuzz(func(t *testing.T, msg []byte, at uint16, change byte) {
		if change == 0 {
			return
		}
		for _, enc := range []Encoding{DER, Raw} {
			sig := sign(t, key, msg, enc)
			if err := verifier.Verify("", key.Public(), msg, sig, enc); err != nil {
				t.Fatal(err)
			}
			all := slices.Concat(sig, msg)
			all[int(at)%len(all)] ^= change
			err := verifier.Verify("", key.Public(), all[len(sig):], all[:len(sig)], enc)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("byte %d: %v", int(at)%len(all), err)
			}
		}
	})
}

// A ciphertext decrypts or fails; it never panics, nor gives plaintext with an
// error.
func FuzzDecrypt(f *testing.F) {
	key := newKeyOf(f, standardD)
	for _, format := range formats {
		sealed, err := Encrypt(key.Public(), message, format)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(sealed, byte(format))
	}
	f.Fuzz(func(t *testing.T, sealed []byte, format byte) {
		opened, err := key.Decrypt(sealed, Format(format%4))
		if err != nil && opened != nil {
			t.Fatal("plaintext beside an error")
		}
		if err == nil && len(opened) == 0 {
			t.Fatal("nothing was decrypted")
		}
	})
}

// What opens is what sealing that plaintext under that nonce gives.
func FuzzOpenGCM(f *testing.F) {
	key := make([]byte, KeySize)
	aead, err := NewGCM(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(aead.Seal(make([]byte, nonceSize), make([]byte, nonceSize), message, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		opened, err := OpenGCM(key, data, nil)
		if err == nil && !bytes.Equal(aead.Seal(slices.Clone(data[:nonceSize]), data[:nonceSize], opened, nil), data) {
			t.Fatalf("opened %x as %x", data, opened)
		}
	})
}
