package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// note is a text with one signature line (C2SP signed-note v1.0.0). A note that a
// witness has cosigned has more lines; those are kept beside it, so that every
// byte of a receipt is bound by something its reader checks.
type note struct {
	text      string // ends in a newline
	name      string // the key's
	keyID     [4]byte
	signature []byte
}

const (
	dash      = "— " // em dash, U+2014
	keyIDSize = 4
	maxNote   = 4096 // bytes
)

func (n note) String() string {
	signature := base64.StdEncoding.EncodeToString(append(n.keyID[:], n.signature...))
	return n.text + "\n" + dash + n.name + " " + signature + "\n"
}

var errNote = errors.New("it is not a note with one signature line")

// parseNote reads a note strictly: what it returns prints as what was read.
func parseNote(printed string) (note, error) {
	if len(printed) > maxNote || !plain(printed) {
		return note{}, errNote
	}
	text, line, found := strings.Cut(printed, "\n\n"+dash)
	if !found {
		return note{}, errNote
	}
	name, encoded, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if !found || !keyNameFits(name) {
		return note{}, errNote
	}
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || len(raw) <= keyIDSize {
		return note{}, errNote
	}
	n := note{text: text + "\n", name: name, keyID: [keyIDSize]byte(raw), signature: raw[keyIDSize:]}
	if n.String() != printed {
		return note{}, errNote
	}
	return n, nil
}

// plain: UTF-8 without control characters but newline.
func plain(s string) bool {
	return utf8.ValidString(s) && bytes.IndexFunc([]byte(s), func(r rune) bool { return r < 0x20 && r != '\n' }) < 0
}

func keyNameFits(name string) bool {
	return name != "" && !strings.ContainsRune(name, '+') && strings.IndexFunc(name, unicode.IsSpace) < 0
}
