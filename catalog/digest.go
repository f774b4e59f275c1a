package catalog

import (
	"encoding/hex"
	"encoding/json"

	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
)

// seal computes the digest: SM3 over the canonical JSON (RFC 8785) of every
// record, each kind ordered by its id.
func (c *Catalog) seal() error {
	content := map[string]any{}
	for _, section := range sections {
		content[section.key] = section.write(c)
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return err
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return err
	}
	digest := sm.Sum([]byte("kapok/catalog/v1\n"), canonical)
	c.digest = hex.EncodeToString(digest[:])
	return nil
}
