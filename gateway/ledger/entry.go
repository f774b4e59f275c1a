package ledger

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what happened: "intent", "outcome", "refusal", "basis-granted". The
// packages that record choose it; the ledger only keeps it, in clear.
type Kind string

// Field is one thing recorded of an event: metadata, never a personal value. It
// enters the tree as a salted commitment.
type Field struct{ Name, Value string }

// SubjectField is the field that commits to whom an entry concerns. The log adds
// it from [Append].Subject; no caller may use the name.
const SubjectField = "subject"

// Entry is what is recorded.
type Entry struct {
	Kind   Kind
	Ref    string    // 32 lower-case hex characters, random, in clear; links an intent with its outcome; "" for none
	At     time.Time // when it happened; kept in milliseconds, UTC
	Fields []Field   // in any order; each name once

	declined bool
}

// Decline is what an append's function answers when nothing is to be written.
func Decline() Entry { return Entry{declined: true} }

// Value returns the value of the field of that name, "" when there is none.
func (e Entry) Value(name string) string {
	for _, field := range e.Fields {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}

const (
	entryVersion = 1
	maxWord      = 64   // bytes of a kind, a name
	maxFields    = 128  // with the subject's
	maxValue     = 8192 // bytes
	refBytes     = 16
)

// Check refuses what a caller may not record: what the encoding cannot hold, and
// the field that is the log's own. The message names the rule and never a value.
func (e Entry) Check() error {
	if err := e.checkHead(); err != nil {
		return err
	}
	if len(e.Fields) >= maxFields {
		return fmt.Errorf("ledger: an entry has at most %d fields of its caller", maxFields-1)
	}
	for i, field := range e.Fields {
		if field.Name == SubjectField {
			return fmt.Errorf("ledger: the field %s is the log's own", SubjectField)
		}
		if err := field.check(); err != nil {
			return err
		}
		if slices.ContainsFunc(e.Fields[:i], func(other Field) bool { return other.Name == field.Name }) {
			return fmt.Errorf("ledger: field %s stands twice in one entry", field.Name)
		}
	}
	return nil
}

func (e Entry) checkHead() error {
	switch {
	case !wordFits(string(e.Kind), "-"):
		return errors.New("ledger: a kind is 1 to 64 lower-case letters, digits or -, a letter first")
	case !refFits(e.Ref):
		return errors.New("ledger: a reference is 32 lower-case hex characters or empty")
	case e.At.UnixMilli() < 0:
		return errors.New("ledger: an entry's time is not before 1970")
	}
	return nil
}

// wordFits: 1 to 64 lower-case letters, digits and marks, a letter first.
func wordFits[W string | []byte](word W, marks string) bool {
	if len(word) == 0 || len(word) > maxWord || word[0] < 'a' || word[0] > 'z' {
		return false
	}
	for i := range len(word) {
		c := word[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}

func nameFits[W string | []byte](name W) bool { return wordFits(name, "_.-") }

func (f Field) check() error {
	switch {
	case !nameFits(f.Name):
		return errors.New("ledger: a field's name is 1 to 64 lower-case letters, digits, _ . or -, a letter first")
	case len(f.Value) > maxValue:
		return fmt.Errorf("ledger: the value of field %s is longer than %d bytes", f.Name, maxValue)
	case !utf8.ValidString(f.Value):
		return fmt.Errorf("ledger: the value of field %s is not UTF-8", f.Name)
	}
	return nil
}

func refFits(ref string) bool {
	if ref == "" {
		return true
	}
	raw, err := hex.DecodeString(ref)
	return err == nil && len(raw) == refBytes && hex.EncodeToString(raw) == ref
}

// Leaf is an entry as it stands in the tree: kind, reference and time in clear,
// and of each field its name and the commitment to its value (FORMAT.md §2).
type Leaf struct {
	Kind        Kind
	Ref         string
	At          time.Time // ms, UTC
	Commitments []Commitment
}

// Commitment binds a field's value without showing it.
type Commitment struct {
	Name string
	Hash Hash
}

func (l Leaf) commitment(name string) (Hash, bool) {
	at, found := slices.BinarySearchFunc(l.Commitments, name, func(c Commitment, name string) int { return cmp.Compare(c.Name, name) })
	if !found {
		return Hash{}, false
	}
	return l.Commitments[at].Hash, true
}

// appendHead writes an entry up to its fields.
func appendHead(out []byte, kind Kind, ref string, at time.Time, fields int) ([]byte, error) {
	out = append(out, entryVersion)
	out = appendShort(out, string(kind))
	out = append(out, byte(len(ref)/2))
	out, err := hex.AppendDecode(out, []byte(ref))
	if err != nil {
		return nil, errors.New("ledger: a reference is hexadecimal")
	}
	out = binary.BigEndian.AppendUint64(out, uint64(at.UnixMilli()))
	return append(out, byte(fields)), nil
}

// encode writes the one encoding of a leaf. The commitments are sorted by name.
func (l Leaf) encode() ([]byte, error) {
	out, err := appendHead(nil, l.Kind, l.Ref, l.At, len(l.Commitments))
	if err != nil {
		return nil, err
	}
	for _, c := range l.Commitments {
		out = appendShort(out, c.Name)
		out = append(out, c.Hash[:]...)
	}
	return out, nil
}

// ParseLeaf reads an encoded entry strictly: there is one encoding of each leaf,
// and anything else is an error.
func ParseLeaf(encoded []byte) (Leaf, error) {
	r := reader{rest: encoded}
	if version := r.byte(); version != entryVersion {
		return Leaf{}, fmt.Errorf("ledger: entry version %d is not known", version)
	}
	leaf := Leaf{Kind: Kind(r.short()), Ref: hex.EncodeToString(r.short())}
	leaf.At = time.UnixMilli(int64(r.uint64())).UTC()
	for range r.byte() {
		leaf.Commitments = append(leaf.Commitments, Commitment{Name: string(r.short()), Hash: r.hash()})
	}
	if err := r.end(); err != nil {
		return Leaf{}, fmt.Errorf("ledger: entry: %w", err)
	}
	if err := leaf.check(); err != nil {
		return Leaf{}, err
	}
	again, err := leaf.encode()
	if err != nil || !bytes.Equal(again, encoded) {
		return Leaf{}, errors.New("ledger: the entry is not in its canonical encoding")
	}
	return leaf, nil
}

func (l Leaf) check() error {
	head := Entry{Kind: l.Kind, Ref: l.Ref, At: l.At}
	if err := head.checkHead(); err != nil {
		return err
	}
	if len(l.Commitments) > maxFields {
		return fmt.Errorf("ledger: an entry has at most %d fields", maxFields)
	}
	for i, c := range l.Commitments {
		if !nameFits(c.Name) {
			return errors.New("ledger: a field's name breaks its rule")
		}
		if i > 0 && l.Commitments[i-1].Name >= c.Name {
			return errors.New("ledger: fields are not in ascending order of their names")
		}
	}
	return nil
}
