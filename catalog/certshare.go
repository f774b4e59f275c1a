package catalog

import (
	"fmt"

	"kapok/gateway"
)

// CertShare says that a system asks for licences as of a share service in the style of GB/T
// 36906 (证照共享服务). It proves itself there by an access token and signs nothing: what it
// may do that way is therefore listed.
type CertShare struct {
	AccessID    string              `json:"access_id"`
	AccessToken string              `json:"access_token"` // name of the secret in the key store
	Operations  []gateway.Operation `json:"operations"`
}

// ByCertShare finds the system of an access id.
func (c *Catalog) ByCertShare(accessID string) (*System, bool) {
	for _, system := range c.systems {
		if system.CertShare != nil && system.CertShare.AccessID == accessID {
			return system, true
		}
	}
	return nil, false
}

func certShareOnce(c *Catalog, s *System) error {
	if s.CertShare == nil {
		return nil
	}
	if s.Desk {
		return fmt.Errorf("a desk does not ask a share service")
	}
	if c.another(s, func(o *System) bool { return o.CertShare != nil && o.CertShare.AccessID == s.CertShare.AccessID }) {
		return fmt.Errorf("another system has the access_id %q", s.CertShare.AccessID)
	}
	return nil
}

func (l *loader) certShare(r *record) *CertShare {
	share := &CertShare{AccessID: r.text("access_id", paasID), AccessToken: r.text("access_token", identifier)}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		share.Operations = append(share.Operations, gateway.Operation(name))
	}
	return share
}
