package catalog

import (
	"fmt"
	"slices"

	"kapok/gateway"
)

// Level is the level of government (层级) of a department.
type Level string

// The levels, from the top.
const (
	National Level = "national" // 国家
	Province Level = "province" // 省
	City     Level = "city"     // 市
	District Level = "district" // 区县
)

// Department is a department of government (部门).
type Department struct {
	ID       string `json:"id"`
	USCC     string `json:"uscc"`              // 统一社会信用代码, GB 32100
	Name     string `json:"name"`              // 名称, Chinese
	Level    Level  `json:"level"`             // 层级
	Division string `json:"division"`          // 行政区划代码, GB/T 2260
	Parent   string `json:"parent,omitempty"`  // 上级部门, a Department's id
	Contact  string `json:"contact,omitempty"` // 联系方式 of the office, never of a person
}

// System is a department's system that calls Kapok (业务系统). Its public keys
// live in the database: they are enrolled, rotated and revoked while running.
type System struct {
	ID         string `json:"id"`
	Department string `json:"department"` // a [Department]'s id
	Name       string `json:"name"`
	Desk       bool   `json:"desk,omitempty"` // Kapok's own desk, at which the department's officers work signed in; it has no key

	Gateway    *Gateway    `json:"gateway,omitempty"`     // nil: it does not come through Guangdong's gateway
	LicenceApp *LicenceApp `json:"licence_app,omitempty"` // nil: it does not ask by license-app/v1
	CertShare  *CertShare  `json:"cert_share,omitempty"`  // nil: it does not ask as of a share service
	Peer       *Peer       `json:"peer,omitempty"`        // nil: it is no other Kapok

	Webhooks []string `json:"webhooks,omitempty"` // where it may have changes pushed to, as the file has them

	webhooks []string // their placeholders filled
}

// TakesPushesAt reports whether the address is one of the system's webhooks.
func (s *System) TakesPushesAt(address string) bool { return slices.Contains(s.webhooks, address) }

// Gateway says that a system's calls come signed by Guangdong's gateway (TIF), which does
// not sign what is asked: what the system may do that way is therefore listed.
type Gateway struct {
	PaasID     string              `json:"paas_id"` // the gateway's name for the system
	Token      string              `json:"token"`   // name of the secret in the key store
	Operations []gateway.Operation `json:"operations"`
}

// Behind finds the system of a gateway's paasid.
func (c *Catalog) Behind(paasID string) (*System, bool) {
	for _, system := range c.systems {
		if system.Gateway != nil && system.Gateway.PaasID == paasID {
			return system, true
		}
	}
	return nil, false
}

// Desk finds a department's desk.
func (c *Catalog) Desk(department string) (*System, bool) {
	for _, system := range c.systems {
		if system.Desk && system.Department == department {
			return system, true
		}
	}
	return nil, false
}

var systemRules = []func(*Catalog, *System) error{departmentHasOneDesk, behindGatewayOnce, licenceAppOnce, certShareOnce, peerOnce}

// another reports whether a system other than s is like it.
func (c *Catalog) another(s *System, like func(*System) bool) bool {
	for _, other := range c.systems {
		if other != s && like(other) {
			return true
		}
	}
	return false
}

func behindGatewayOnce(c *Catalog, s *System) error {
	if s.Gateway == nil {
		return nil
	}
	if s.Desk {
		return fmt.Errorf("a desk does not call through a gateway")
	}
	if c.another(s, func(o *System) bool { return o.Gateway != nil && o.Gateway.PaasID == s.Gateway.PaasID }) {
		return fmt.Errorf("another system has the paas_id %q", s.Gateway.PaasID)
	}
	return nil
}

func departmentHasOneDesk(c *Catalog, s *System) error {
	if s.Desk && c.another(s, func(o *System) bool { return o.Desk && o.Department == s.Department }) {
		return fmt.Errorf("the department %q has another desk already", s.Department)
	}
	return nil
}

func (l *loader) department(r *record) {
	d := &Department{
		ID:       r.define("department", "id", identifier),
		USCC:     r.define("uscc", "uscc", gateway.CheckCreditCode),
		Name:     r.text("name"),
		Level:    Level(r.text("level", oneOf(National, Province, City, District))),
		Division: r.text("division", divisionCode),
		Parent:   r.mayRefer("department", "parent"),
		Contact:  r.optional("contact"),
	}
	l.found.departments[d.ID] = d
}

func (l *loader) system(r *record) {
	s := &System{
		ID:         r.define("system", "id", identifier),
		Department: r.refer("department", "department"),
		Name:       r.text("name"),
		Desk:       r.flag("desk"),
	}
	r.inner("gateway", func(g *record) { s.Gateway = l.gateway(g) })
	r.inner("licence_app", func(app *record) { s.LicenceApp = l.licenceApp(app) })
	r.inner("cert_share", func(share *record) { s.CertShare = l.certShare(share) })
	r.inner("peer", func(peer *record) { s.Peer = l.peer(peer) })
	if _, told := r.value("webhooks"); told {
		s.Webhooks = r.texts("webhooks", l.placeholdersKnown, webhook)
	}
	l.found.systems[s.ID] = s
}

// behindGateway is what a system may do through a gateway where the catalogue lists nothing.
var behindGateway = []gateway.Operation{gateway.Verify, gateway.Predicate}

func (l *loader) gateway(r *record) *Gateway {
	g := &Gateway{PaasID: r.text("paas_id", paasID), Token: r.text("token", identifier)}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		g.Operations = append(g.Operations, gateway.Operation(name))
	}
	if len(g.Operations) == 0 {
		g.Operations = slices.Clone(behindGateway)
	}
	return g
}

var paasID = form(`^[0-9A-Za-z_-]{1,64}$`, "a paasid of letters, digits, _ and -")
