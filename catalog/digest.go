package catalog

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/gowebpki/jcs"

	"kapok/crypto/sm"
)

// seal computes the digest: SM3 over the canonical JSON (RFC 8785) of every
// record, each kind ordered by its id.
func (c *Catalog) seal() error {
	content, err := json.Marshal(map[string]any{
		"departments":   slices.Collect(c.Departments()),
		"systems":       slices.Collect(c.Systems()),
		"sources":       slices.Collect(ordered(c.sources, cmp.Compare)),
		"items":         slices.Collect(c.Items()),
		"service_items": slices.Collect(c.ServiceItems()),
		"provisions":    slices.Collect(ordered(c.provisions, cmp.Compare)),
		"purposes":      slices.Collect(ordered(c.purposes, cmp.Compare)),
		"grants":        slices.Collect(c.AllGrants()),
		"staff":         slices.Collect(ordered(c.staff, compareStaff)),
	})
	if err != nil {
		return err
	}
	canonical, err := jcs.Transform(content)
	if err != nil {
		return err
	}
	digest := sm.Sum([]byte("kapok/catalog/v1\n"), canonical)
	c.digest = hex.EncodeToString(digest[:])
	return nil
}
