package evidence

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
)

// MessagesField is the entry's field that commits to its message: the lower-case hex
// of [Digest].
const MessagesField = ledger.MessagesField

const (
	messageVersion = 1
	messageDomain  = sm.Domain("kapok/message/v1")
	saltSize       = 16
	maxMessage     = 192 << 10 // bytes
)

// Digest is what an entry commits to: over the plaintext, so that a message can be
// encrypted anew, and so that a reader needs no key that opens anything else. The
// message holds a salt of its own.
func Digest(message []byte) string {
	sum := sm.Sum(messageDomain.Message(message))
	return hex.EncodeToString(sum[:])
}

// newSalt keeps anybody from guessing a message by its digest.
func newSalt() []byte {
	salt := make([]byte, saltSize)
	rand.Read(salt) // never fails: it ends the program instead
	return salt
}

// Request is what a department's system signed and what was decided on it.
type Request struct {
	Base      string          // the signature base that was signed (RFC 9421 §2.5): method, target, covered headers, parameters
	Body      []byte          // as received
	Decision  json.RawMessage // canonical JSON: what it rested on; nil when nothing was decided
	Order     string          // "": the call itself is the request. Else Base and Signature are those of the call that ordered it, and Body is what Kapok asked for it
	Signature []byte          // SM2, r‖s
	Salt      []byte
}

// Encode writes the message in its one form.
func (r Request) Encode() []byte {
	if r.Salt == nil {
		r.Salt = newSalt()
	}
	o := NewObject(512 + len(r.Base) + 2*len(r.Body) + len(r.Decision))
	o.Text("base", r.Base)
	o.Bytes("body", r.Body)
	o.Raw("decision", r.Decision)
	o.Text("kind", requestKind)
	if r.Order != "" {
		o.Text("order", r.Order)
	}
	o.Bytes("salt", r.Salt)
	o.Bytes("signature", r.Signature)
	o.Number("v", messageVersion)
	return o.End()
}

// Answer is what a source said, without a value of it.
type Answer struct {
	AsOf      string // RFC 3339; "" where the source does not say
	Digest    []byte // SM3 of the source's body as received
	Provider  string
	Records   int
	Salt      []byte
	Signature []byte // the source's own over its body; empty where its protocol has none
	Source    string
}

// Encode writes the message in its one form.
func (a Answer) Encode() []byte {
	if a.Salt == nil {
		a.Salt = newSalt()
	}
	o := NewObject(512)
	o.Text("as_of", a.AsOf)
	o.Bytes("digest", a.Digest)
	o.Text("kind", answerKind)
	o.Text("provider", a.Provider)
	o.Number("records", a.Records)
	o.Bytes("salt", a.Salt)
	o.Bytes("signature", a.Signature)
	o.Text("source", a.Source)
	o.Number("v", messageVersion)
	return o.End()
}

// Release is Kapok's signature of what left. No entry commits to it, because it is
// made after the outcome is sealed; it proves itself: it is the operational key's,
// over the digest of the body and the signature of the request.
type Release struct {
	Base      string // the signature base of the response
	Salt      []byte
	Signature []byte
}

// Encode writes the message in its one form.
func (r Release) Encode() []byte {
	if r.Salt == nil {
		r.Salt = newSalt()
	}
	o := NewObject(512 + len(r.Base))
	o.Text("base", r.Base)
	o.Text("kind", releaseKind)
	o.Bytes("salt", r.Salt)
	o.Bytes("signature", r.Signature)
	o.Number("v", messageVersion)
	return o.End()
}

// The kinds of messages.
const (
	requestKind = "kapok-request"
	answerKind  = "kapok-answer"
	releaseKind = "kapok-release"
)

// head is what every message has.
type head struct {
	Kind    string `json:"kind"`
	Salt    []byte `json:"salt"`
	Version int    `json:"v"`
}

// ParseRequest reads a request's message; only its canonical form is one.
func ParseRequest(raw []byte) (Request, error) {
	var m struct {
		head
		Base      string          `json:"base"`
		Body      []byte          `json:"body"`
		Decision  json.RawMessage `json:"decision"`
		Order     string          `json:"order"`
		Signature []byte          `json:"signature"`
	}
	if err := decode(raw, &m); err != nil {
		return Request{}, err
	}
	r := Request{Base: m.Base, Body: m.Body, Decision: m.Decision, Order: m.Order, Signature: m.Signature, Salt: m.Salt}
	return r, m.check(requestKind, raw, r.Encode)
}

// ParseAnswer reads an answer's message.
func ParseAnswer(raw []byte) (Answer, error) {
	var m struct {
		head
		AsOf      string `json:"as_of"`
		Digest    []byte `json:"digest"`
		Provider  string `json:"provider"`
		Records   int    `json:"records"`
		Signature []byte `json:"signature"`
		Source    string `json:"source"`
	}
	if err := decode(raw, &m); err != nil {
		return Answer{}, err
	}
	a := Answer{AsOf: m.AsOf, Digest: m.Digest, Provider: m.Provider, Records: m.Records, Salt: m.Salt, Signature: m.Signature, Source: m.Source}
	return a, m.check(answerKind, raw, a.Encode)
}

// ParseRelease reads a release's message.
func ParseRelease(raw []byte) (Release, error) {
	var m struct {
		head
		Base      string `json:"base"`
		Signature []byte `json:"signature"`
	}
	if err := decode(raw, &m); err != nil {
		return Release{}, err
	}
	r := Release{Base: m.Base, Salt: m.Salt, Signature: m.Signature}
	return r, m.check(releaseKind, raw, r.Encode)
}

var errMessage = errors.New("it is not a message in its canonical form")

func (h head) check(kind string, raw []byte, encode func() []byte) error {
	if h.Kind != kind || h.Version != messageVersion {
		return fmt.Errorf("it is not a message of kind %s, version %d", kind, messageVersion)
	}
	if len(h.Salt) != saltSize || !bytes.Equal(encode(), raw) {
		return errMessage
	}
	canonical, err := jcs.Transform(raw)
	if err != nil || !bytes.Equal(canonical, raw) {
		return errMessage
	}
	return nil
}

// decode reads strictly, and does not pass on encoding/json's text, which may quote
// values.
func decode(raw []byte, into any) error {
	if len(raw) > maxMessage {
		return fmt.Errorf("it is longer than %d bytes", maxMessage)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errMessage
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errMessage
	}
	return nil
}
