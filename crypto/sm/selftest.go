package sm

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
	tjfocsm3 "github.com/tjfoc/gmsm/sm3"
	tjfocsm4 "github.com/tjfoc/gmsm/sm4"
)

// SelfTest computes known answers of every algorithm with both libraries, as
// GM/T 0028-2014 §7.10 asks of a module at start. A program that gets an error
// must stop. It takes some milliseconds.
func SelfTest() error {
	for _, test := range selfTests {
		if err := test.run(); err != nil {
			return fmt.Errorf("sm: self-test %s: %w", test.name, err)
		}
	}
	return nil
}

var selfTests = []struct {
	name string
	run  func() error
}{
	{"SM3", testSM3},
	{"HMAC-SM3", testHMAC},
	{"SM4", testSM4},
	{"SM4-GCM", testGCM},
	{"SM2 verify", testVerify},
	{"SM2 sign", testSign},
	{"SM2 decrypt", testDecrypt},
}

var errAnswer = errors.New("wrong answer")

func expect(got []byte, want string) error {
	if hex.EncodeToString(got) != want {
		return errAnswer
	}
	return nil
}

// testSM3 is GB/T 32905-2016 annex A, both examples.
func testSM3() error {
	for message, want := range map[string]string{
		"abc": "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
		"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd": "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
	} {
		digest := Sum([]byte(message))
		if err := errors.Join(expect(digest[:], want), expect(tjfocsm3.Sm3Sum([]byte(message)), want)); err != nil {
			return err
		}
	}
	return nil
}

func testHMAC() error {
	const want = "44809d3ff5336f44071be1917887380730ae145f940a53819279801784c65e17"
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i + 1)
	}
	mac := HMAC(key, []byte("abc"))
	second := hmac.New(tjfocsm3.New, key)
	second.Write([]byte("abc"))
	return errors.Join(expect(mac[:], want), expect(second.Sum(nil), want))
}

// testSM4 is GB/T 32907-2016 annex A, example 1.
func testSM4() error {
	const want = "681edf34d206965e86b3e94f536e4246"
	key := unhex("0123456789abcdeffedcba9876543210")
	first, err := sm4.NewCipher(key)
	if err != nil {
		return err
	}
	second, err := tjfocsm4.NewCipher(key)
	if err != nil {
		return err
	}
	var a, b [KeySize]byte
	first.Encrypt(a[:], key)
	second.Encrypt(b[:], key)
	return errors.Join(expect(a[:], want), expect(b[:], want))
}

// testGCM is RFC 8998 appendix A.1.
func testGCM() error {
	key := unhex("0123456789abcdeffedcba9876543210")
	nonce := unhex("00001234567800000000abcd")
	aad := unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
	plaintext := unhex("aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa")
	const want = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d" +
		"83de3541e4c2b58177e065a9bf7b62ec"
	aead, err := NewGCM(key)
	if err != nil {
		return err
	}
	sealed := aead.Seal(nil, nonce, plaintext, aad) //nolint:gosec // a known answer has a known nonce
	opened, err := aead.Open(nil, nonce, sealed, aad)
	if err != nil || !bytes.Equal(opened, plaintext) {
		return errAnswer
	}
	sealed[0] ^= 1
	if _, err := aead.Open(nil, nonce, sealed, aad); err == nil {
		return errAnswer
	}
	sealed[0] ^= 1
	return expect(sealed, want)
}

const (
	standardD = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"
	standardP = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
	standardR = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
	standardS = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
	standardM = "message digest"

	// Of emmansun/gmsm's issue 560: a valid signature of 32 zero bytes, as digest,
	// that the library refused until v0.44.1.
	issuePoint     = "04ef4de57af00ae424c00c4caadff7193f804a19dd73a7e2954db9d0d15ab4cbba67728c3f4572878b7a674735da9fde1682fe2d9e0799c4a5cde57e3d473039a2"
	issueSignature = "3046022100be0ea64e1ec06f0d247093f3ccbbadcfb6260224272f86ddb78326e7cd6c7560022100e9f6ab2fcc48a2cef94838e66b5c7e21fd8e4de25990dd98ca5243f4966f2853"
)

// testVerify is the example of GB/T 32918.5-2017 annex A.2 and issue 560: both
// libraries accept both, and refuse both when one bit is changed.
func testVerify() error {
	standard, err := ParsePublicKey(unhex(standardP))
	if err != nil {
		return err
	}
	digest, err := standard.Digest([]byte(DefaultID), []byte(standardM))
	if err != nil {
		return err
	}
	sig, err := parseSignature(unhex(standardR+standardS), Raw)
	if err != nil {
		return err
	}
	q := question{pub: standard, sig: sig, digest: digest, message: true, id: []byte(DefaultID), msg: []byte(standardM)}
	if err := agreed(q); err != nil {
		return err
	}
	issue, err := ParsePublicKey(unhex(issuePoint))
	if err != nil {
		return err
	}
	sig, err = parseSignature(unhex(issueSignature), DER)
	if err != nil {
		return err
	}
	return agreed(question{pub: issue, sig: sig})
}

func agreed(q question) error {
	second, answered := secondOpinion(&q)
	if !firstOpinion(&q) || !second || !answered {
		return errAnswer
	}
	q.sig.s[scalarSize-1] ^= 1
	second, answered = secondOpinion(&q)
	if firstOpinion(&q) || second || !answered {
		return errAnswer
	}
	return nil
}

// testSign runs the library's own known answer of a signature with a derived
// nonce, then a signature of ours that both libraries must accept.
func testSign() error {
	if err := sm2.SelfTest(); err != nil {
		return err
	}
	priv, err := ParsePrivateKey(unhex(standardD))
	if err != nil {
		return err
	}
	sig, err := priv.Sign(context.Background(), []byte(standardM), DER)
	if err != nil {
		return err
	}
	return NewVerifier(VerifierOptions{Both: true}).Verify("", priv.Public(), []byte(standardM), sig, DER)
}

// testDecrypt is the example of GB/T 32918.5-2017 annex A.4.
func testDecrypt() error {
	priv, err := ParsePrivateKey(unhex(standardD))
	if err != nil {
		return err
	}
	plaintext, err := priv.Decrypt(unhex("04"+
		"04ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"+
		"59983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"+
		"21886ca989ca9c7d58087307ca93092d651efa"), C1C3C2)
	if err != nil || string(plaintext) != "encryption standard" {
		return errAnswer
	}
	return nil
}

// unhex reads a constant of this file; a mistake in one fails its test.
func unhex(constant string) []byte {
	b, err := hex.DecodeString(constant)
	if err != nil {
		return nil
	}
	return b
}
