package catalog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"

	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
)

// seal computes the digest: SM3 over the canonical JSON (RFC 8785) of every
// record, each kind ordered by its id. Canonical JSON of a whole is its parts' put
// together, so the records are written side by side.
func (c *Catalog) seal() error {
	ordered := slices.DeleteFunc(slices.Clone(sections), func(s section) bool {
		return s.key == "templates" && len(c.templates) == 0 || s.key == "federations" && len(c.federations) == 0 // catalogues from before them keep their digest
	})
	slices.SortFunc(ordered, func(a, b section) int { return bytes.Compare([]byte(a.key), []byte(b.key)) })
	var whole bytes.Buffer
	for i, section := range ordered {
		whole.WriteByte("{,"[min(i, 1)])
		whole.WriteString(`"` + section.key + `":`)
		if err := section.canonical(c, &whole); err != nil {
			return err
		}
	}
	whole.WriteByte('}')
	digest := sm.Sum([]byte("kapok/catalog/v1\n"), whole.Bytes())
	c.digest = hex.EncodeToString(digest[:])
	return nil
}

// canonical writes the records of a section; null where it has none.
func (s section) canonical(c *Catalog, out *bytes.Buffer) error {
	records := s.write(c)
	if len(records) == 0 {
		out.WriteString("null")
		return nil
	}
	written, failures := make([][]byte, len(records)), make([]error, len(records))
	sideBySide(len(records), func(at int) {
		plain, err := json.Marshal(records[at])
		if err == nil {
			written[at], err = jcs.Transform(plain)
		}
		failures[at] = err
	})
	for i, record := range written {
		out.WriteByte("[,"[min(i, 1)])
		out.Write(record)
	}
	out.WriteByte(']')
	return errors.Join(failures...)
}
