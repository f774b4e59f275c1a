package evidence

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gowebpki/jcs"
)

// Bundle is all that proves one use of data, in one file.
type Bundle struct {
	Basis    *Basis     `json:"basis"`    // what made the use lawful; null where none was found
	Cosigned []Cosigned `json:"cosigned"` // by witnesses: checkpoints that cover the entries
	Entries  []Entry    `json:"entries"`  // of the use, the earliest first
	Key      *Key       `json:"key"`      // by which the caller signed; null where nobody proved a key
	Kind     string     `json:"kind"`
	Lists    [][]byte   `json:"lists"` // revocation lists (RFC 5280), DER
	Made     string     `json:"made"`  // RFC 3339, UTC
	Ref      string     `json:"ref"`   // of the use
	Release  *Released  `json:"release"`
	Stamps   []Stamp    `json:"stamps"` // time-stamps of checkpoints that cover the entries
	Version  int        `json:"v"`
}

// Entry is one entry of the use with the message that it commits to.
type Entry struct {
	Message []byte `json:"message"` // empty where none is kept, or no longer
	Receipt []byte `json:"receipt"` // as FORMAT.md §5 has it, every field shown
}

// Basis is the access basis as it was signed.
type Basis struct {
	Certificate []byte `json:"certificate"` // DER
	Document    []byte `json:"document"`    // canonical JSON
	Signature   []byte `json:"signature"`
}

// Key is a system's public key with the receipts of the entries that say whose it is:
// its enrolment and, where it came to that, its revocation.
type Key struct {
	Point    []byte   `json:"point"` // 04‖X‖Y
	Receipts [][]byte `json:"receipts"`
}

// Released is the signature of what left.
type Released struct {
	Chain   [][]byte `json:"chain"` // of the key that signed, leaf first, without the root
	Message []byte   `json:"message"`
}

// Cosigned is a witness's word that a checkpoint continues every one that it saw
// before, with the proof that it continues the one that a receipt names.
type Cosigned struct {
	Consistency []byte `json:"consistency"` // from the receipt's checkpoint to the one cosigned
	Entry       int    `json:"entry"`       // which of Entries it is about, from 0
	Line        string `json:"line"`        // the witness's, FORMAT.md §13, with its newline
}

// Stamp is an authority's word that a checkpoint existed at a time, with the proof
// that the checkpoint's tree continues the one that a receipt names.
type Stamp struct {
	Consistency []byte `json:"consistency"` // as FORMAT.md has it, from the receipt's checkpoint to the one stamped
	Entry       int    `json:"entry"`       // which of Entries it is about, from 0
	Token       []byte `json:"token"`       // RFC 3161, of the stamped note by SM3
}

const (
	bundleKind    = "kapok-evidence"
	bundleVersion = 1
	maxBundle     = 8 << 20 // bytes, unpacked

	bundleFile  = "evidence.json"
	summaryFile = "summary.html"
)

// NewBundle begins a bundle.
func NewBundle(ref string, made time.Time) Bundle {
	return Bundle{
		Kind: bundleKind, Version: bundleVersion, Ref: ref, Made: made.UTC().Format(time.RFC3339),
		Entries: []Entry{}, Lists: [][]byte{}, Stamps: []Stamp{}, Cosigned: []Cosigned{},
	}
}

func (b Bundle) canonical() ([]byte, error) {
	plain, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return jcs.Transform(plain)
}

// Write writes the one file: a zip of the bundle and of the page that tells a person
// what is in it.
func (b Bundle) Write(out io.Writer) error {
	raw, err := b.canonical()
	if err != nil {
		return fmt.Errorf("evidence: encode: %w", err)
	}
	if len(raw) > maxBundle {
		return fmt.Errorf("evidence: the bundle is longer than %d bytes", maxBundle)
	}
	archive := zip.NewWriter(out)
	for _, file := range []struct {
		name    string
		content []byte
	}{{bundleFile, raw}, {summaryFile, b.Summary()}} {
		into, err := archive.Create(file.name)
		if err != nil {
			return err
		}
		if _, err := into.Write(file.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// Parse reads the file of a bundle: exactly the two files, the bundle canonical. It
// checks nothing that the bundle says.
func Parse(file []byte) (b Bundle, summary []byte, err error) {
	raw, summary, err := unzip(file)
	if err != nil {
		return Bundle{}, nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&b); err != nil {
		return Bundle{}, nil, errors.New("evidence.json is not JSON with the members expected")
	}
	if b.Kind != bundleKind || b.Version != bundleVersion {
		return Bundle{}, nil, fmt.Errorf("it is not of kind %s, version %d", bundleKind, bundleVersion)
	}
	again, err := b.canonical()
	if err != nil || !bytes.Equal(again, raw) {
		return Bundle{}, nil, errors.New("evidence.json is not canonical JSON (RFC 8785) with exactly the members of a bundle")
	}
	return b, summary, nil
}

func unzip(file []byte) (raw, summary []byte, err error) {
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, errors.New("it is not a zip file")
	}
	if len(archive.File) != 2 || archive.File[0].Name != bundleFile || archive.File[1].Name != summaryFile {
		return nil, nil, fmt.Errorf("it does not hold exactly %s and %s", bundleFile, summaryFile)
	}
	if raw, err = unpack(archive.File[0]); err != nil {
		return nil, nil, err
	}
	summary, err = unpack(archive.File[1])
	return raw, summary, err
}

func unpack(file *zip.File) ([]byte, error) {
	open, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("%s cannot be unpacked", file.Name)
	}
	defer open.Close()
	content, err := io.ReadAll(io.LimitReader(open, maxBundle+1))
	if err != nil || len(content) > maxBundle {
		return nil, fmt.Errorf("%s cannot be unpacked, or is too long", file.Name)
	}
	return content, nil
}
