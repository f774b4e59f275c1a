// Package tsa plays a time-stamp authority (RFC 3161) that signs with SM2 and SM3.
// It shares no code with what asks it: the ASN.1 here is its own.
package tsa

import (
	"context"
	"crypto/rand"
	"io"
	"math/big"
	"net/http"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// Authority is a time-stamp authority with a root of its own.
type Authority struct {
	key         *sm.PrivateKey
	certificate []byte
	serial      []byte // of the certificate, DER contents
	issuer      []byte // DER
	root        []byte
}

// New makes an authority and its root.
func New() (*Authority, error) {
	rootKey, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	key, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	ctx, from := context.Background(), time.Now().Add(-time.Hour)
	root, err := pki.NewRoot(ctx, rootKey, "试用时间戳根 Sandbox TSA root", from, from.AddDate(10, 0, 0))
	if err != nil {
		return nil, err
	}
	issuer, err := pki.Parse(root)
	if err != nil {
		return nil, err
	}
	certificate, err := pki.Issue(ctx, issuer, rootKey, pki.Request{
		Name: "试用时间戳服务 Sandbox TSA", Usage: pki.TimeStamping, From: from, To: from.AddDate(5, 0, 0), Public: key.Public(),
	})
	if err != nil {
		return nil, err
	}
	own, err := pki.Parse(certificate)
	if err != nil {
		return nil, err
	}
	return &Authority{key: key, certificate: certificate, serial: own.Serial.Bytes(), issuer: issuer.RawSubject, root: root}, nil
}

// Routes puts the authority at /tsa and its root, DER, at /tsa/root.
func (a *Authority) Routes(mux *http.ServeMux) {
	mux.HandleFunc("POST /tsa", a.stamp)
	mux.HandleFunc("GET /tsa/root", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(a.root) })
}

func (a *Authority) stamp(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(io.LimitReader(r.Body, 16<<10))
	if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
		http.Error(w, "a time-stamp query is asked for", http.StatusBadRequest)
		return
	}
	reply, err := a.Reply(r.Context(), query, time.Now())
	if err != nil {
		http.Error(w, "the stamp could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/timestamp-reply")
	_, _ = w.Write(reply)
}

// Object identifiers, DER contents.
const (
	sm3        = "\x2a\x81\x1c\xcf\x55\x01\x83\x11"
	sha256     = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	sm2WithSM3 = "\x2a\x81\x1c\xcf\x55\x01\x83\x75"
	signedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
	tstInfo    = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x04"
	typeOf     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
	digestOf   = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
	certOf     = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x2f"
	policy     = "\x2a\x03\x04\x01" // 1.2.3.4.1, a policy that means nothing
)

// query is what was asked.
type query struct {
	imprint cryptobyte.String // MessageImprint, whole
	nonce   *big.Int          // nil: none
}

// read returns false for what is no query, or asks for another hash than SM3 and
// SHA-256.
func read(der []byte) (q query, ok bool) {
	in := cryptobyte.String(der)
	var request, imprint, algorithm, oid, digest, skipped cryptobyte.String
	var version int
	if !in.ReadASN1(&request, asn1.SEQUENCE) || !in.Empty() || !request.ReadASN1Integer(&version) || version != 1 ||
		!request.ReadASN1Element(&q.imprint, asn1.SEQUENCE) {
		return q, false
	}
	imprint = q.imprint
	if !imprint.ReadASN1(&imprint, asn1.SEQUENCE) || !imprint.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !imprint.ReadASN1(&digest, asn1.OCTET_STRING) {
		return q, false
	}
	if string(oid) != sm3 && string(oid) != sha256 || len(digest) != 32 {
		return q, false
	}
	if request.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) && !request.ReadASN1(&skipped, asn1.OBJECT_IDENTIFIER) {
		return q, false
	}
	if request.PeekASN1Tag(asn1.INTEGER) {
		q.nonce = new(big.Int)
		return q, request.ReadASN1Integer(q.nonce)
	}
	return q, true
}

// Reply writes the TimeStampResp for a query.
func (a *Authority) Reply(ctx context.Context, asked []byte, now time.Time) ([]byte, error) {
	q, ok := read(asked)
	if !ok {
		return sequence(func(b *cryptobyte.Builder) { // rejection
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(2) })
		})
	}
	info, err := a.info(q, now)
	if err != nil {
		return nil, err
	}
	attributes, err := a.attributes(info)
	if err != nil {
		return nil, err
	}
	var set cryptobyte.Builder
	set.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	signature, err := a.key.Sign(ctx, set.BytesOrPanic(), sm.DER)
	if err != nil {
		return nil, err
	}
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(0) })
		a.addToken(b, info, attributes, signature)
	})
}

func sequence(fill func(*cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, fill)
	return b.Bytes()
}

func addOID(b *cryptobyte.Builder, oid string) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(oid)) })
}

func addAlgorithm(b *cryptobyte.Builder, oid string) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addOID(b, oid) })
}

func (a *Authority) info(q query, now time.Time) ([]byte, error) {
	serial := make([]byte, 8)
	rand.Read(serial) // never fails: it ends the program instead
	return sequence(func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		addOID(b, policy)
		b.AddBytes(q.imprint)
		b.AddASN1BigInt(new(big.Int).SetBytes(serial))
		b.AddASN1(asn1.GeneralizedTime, func(b *cryptobyte.Builder) {
			b.AddBytes([]byte(now.UTC().Format("20060102150405.999Z")))
		})
		if q.nonce != nil {
			b.AddASN1BigInt(q.nonce)
		}
	})
}

// attributes are in ascending order of their encodings, as a SET OF is in DER.
func (a *Authority) attributes(info []byte) ([]byte, error) {
	content, certificate := sm.Sum(info), sm.Sum(a.certificate)
	var b cryptobyte.Builder
	addAttribute(&b, typeOf, func(b *cryptobyte.Builder) { addOID(b, tstInfo) })
	addAttribute(&b, digestOf, func(b *cryptobyte.Builder) { b.AddASN1OctetString(content[:]) })
	addAttribute(&b, certOf, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addAlgorithm(b, sm3)
					b.AddASN1OctetString(certificate[:])
				})
			})
		})
	})
	return b.Bytes()
}

func addAttribute(b *cryptobyte.Builder, oid string, value func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, oid)
		b.AddASN1(asn1.SET, value)
	})
}

func explicit(tag uint8) asn1.Tag { return asn1.Tag(tag).ContextSpecific().Constructed() }

func (a *Authority) addToken(b *cryptobyte.Builder, info, attributes, signature []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, signedData)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(3)
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { addAlgorithm(b, sm3) })
				b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
					addOID(b, tstInfo)
					b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(info) })
				})
				b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddBytes(a.certificate) })
				b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { a.addSigner(b, attributes, signature) })
			})
		})
	})
}

func (a *Authority) addSigner(b *cryptobyte.Builder, attributes, signature []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(a.issuer)
			b.AddASN1BigInt(new(big.Int).SetBytes(a.serial))
		})
		addAlgorithm(b, sm3)
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
		addAlgorithm(b, sm2WithSM3)
		b.AddASN1OctetString(signature)
	})
}
