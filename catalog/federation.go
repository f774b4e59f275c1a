package catalog

import (
	"cmp"
	"fmt"
	"iter"

	"kapok/gateway"
)

// Federation is the list of the other Kapoks that this one knows, as its keeper signed it.
// The catalogue carries it so that it comes into force like everything else that decisions
// rest on; whether the keeper's signature is good, whoever opens the catalogue finds out.
type Federation struct {
	ID        string `json:"id"`
	Members   string `json:"members"`   // the list, JSON
	Signature string `json:"signature"` // its detached JWS
}

// Peer says that a system is another Kapok, which proves itself by the certificates that
// the federation's list gives it and signs each call.
type Peer struct {
	Member     string              `json:"member"` // its id on the federation's list
	Operations []gateway.Operation `json:"operations"`
}

// Federations lists what the catalogue holds of them, ordered by id: one, or none.
func (c *Catalog) Federations() iter.Seq[*Federation] { return ordered(c.federations, cmp.Compare) }

// ByMember finds the system that is a member of the federation.
func (c *Catalog) ByMember(member string) (*System, bool) {
	for _, system := range c.systems {
		if system.Peer != nil && system.Peer.Member == member {
			return system, true
		}
	}
	return nil, false
}

var federationRules = []func(*Catalog, *Federation) error{oneFederation}

func oneFederation(c *Catalog, _ *Federation) error {
	if len(c.federations) > 1 {
		return fmt.Errorf("a catalogue carries the list of one federation")
	}
	return nil
}

func peerOnce(c *Catalog, s *System) error {
	if s.Peer == nil {
		return nil
	}
	if s.Desk {
		return fmt.Errorf("a desk is no other Kapok")
	}
	if len(c.federations) == 0 {
		return fmt.Errorf("it is a member of a federation, and the catalogue holds no list of one")
	}
	if c.another(s, func(o *System) bool { return o.Peer != nil && o.Peer.Member == s.Peer.Member }) {
		return fmt.Errorf("another system is the member %q", s.Peer.Member)
	}
	return nil
}

func (l *loader) federation(r *record) {
	f := &Federation{ID: r.define("federation", "id", identifier), Members: r.text("members"), Signature: r.text("signature")}
	l.found.federations[f.ID] = f
}

func (l *loader) peer(r *record) *Peer {
	p := &Peer{Member: r.text("member", identifier)}
	for _, name := range r.texts("operations", oneOf(gateway.Operations()...)) {
		p.Operations = append(p.Operations, gateway.Operation(name))
	}
	return p
}
