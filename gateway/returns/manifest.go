package returns

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// Format is the one layout of manifests that is read (FORMAT.md §2).
const Format = "kapok-return/1"

// ManifestType is the "typ" of the JWS by which a provider signs a manifest.
const ManifestType = "kapok-return+jws"

// MaxManifest bounds a manifest, in bytes.
const MaxManifest = 1 << 20

// Kind says whether a delivery holds everything or what changed.
type Kind string

// The kinds of deliveries.
const (
	Full        Kind = "full"        // every row of the dataset
	Incremental Kind = "incremental" // rows to put in the place of others, and marks of deletion
)

// Manifest is what a provider says of a delivery, and signs. All that follows is held
// against it.
type Manifest struct {
	Format      string     `json:"format"`
	Dataset     string     `json:"dataset"`        // the catalogue item's code
	ItemVersion int        `json:"item_version"`   // for which its columns are
	Version     int        `json:"version"`        // of the data: one more than the last
	Kind        Kind       `json:"kind"`           //
	Base        int        `json:"base,omitempty"` // incremental: the version that it changes
	Created     time.Time  `json:"created"`        // by the provider's clock
	AsOf        time.Time  `json:"as_of"`          // of when the data is true
	Watermark   *Watermark `json:"watermark,omitempty"`
	KeepUntil   time.Time  `json:"keep_until"` // past it nothing is served, and all is destroyed
	Encoding    Encoding   `json:"encoding"`
	Columns     []string   `json:"columns"` // the source's names, in the files' order
	Keys        []string   `json:"keys"`    // columns that tell rows apart
	Mark        string     `json:"mark,omitempty"`
	Files       []File     `json:"files"`
	Pulled      *Pulled    `json:"pulled,omitempty"` // Kapok made it of a view; never in a provider's
}

// Watermark is the stretch of the provider's changes that an incremental delivery
// holds: from where the version before ended, up to and without To.
type Watermark struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// File is one file of a delivery.
type File struct {
	Name   string            `json:"name"`
	Layout string            `json:"layout"` // csv, jsonl, xlsx, table
	Size   int64             `json:"size"`   // bytes
	SM3    string            `json:"sm3"`    // hex
	Rows   int64             `json:"rows"`
	Sums   map[string]string `json:"sums"` // of each numeric column, decimal
}

// The marks of an incremental row, in the column that Manifest.Mark names.
const (
	MarkUpsert = "U" // puts the row in the place of the one with its keys, or adds it
	MarkDelete = "D" // takes the row with these keys away
)

// ParseManifest reads a manifest strictly. What it says is checked by [Manifest.Check].
func ParseManifest(document []byte) (Manifest, error) {
	var m Manifest
	if len(document) > MaxManifest {
		return m, gateway.Fail(gateway.TooLarge, "manifest-too-large", "A manifest has at most 1 MiB.")
	}
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return m, manifestInvalid(fieldAt(err), "is not of the form that FORMAT.md gives").Because(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return m, manifestInvalid("", "is one JSON document and nothing after it")
	}
	return m, m.check()
}

func fieldAt(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "/" + wrong.Field
	}
	return ""
}

func manifestInvalid(field, rule string) *gateway.Error {
	failure := gateway.Fail(gateway.Invalid, "manifest-invalid", "The manifest "+rule+".")
	failure.Field = field
	return failure
}

// ID names a delivery by its manifest, so that the same one is never taken in twice.
func ID(document []byte) string {
	digest := sm.Sum([]byte("kapok/return/v1\n"), document)
	return hex.EncodeToString(digest[:16])
}

// End is where its changes end: a full one without a watermark holds what was true at its
// as_of.
func (m Manifest) End() time.Time {
	if m.Watermark != nil {
		return m.Watermark.To
	}
	return m.AsOf
}

// Rows is how many rows the files hold together.
func (m Manifest) Rows() (rows int64) {
	for _, file := range m.Files {
		rows += file.Rows
	}
	return rows
}

// Bytes is how long the files are together.
func (m Manifest) Bytes() (size int64) {
	for _, file := range m.Files {
		size += file.Size
	}
	return size
}
