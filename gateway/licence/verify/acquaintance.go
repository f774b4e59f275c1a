package verify

import (
	"slices"
	"strings"
	"sync"
	"time"

	"kapok/crypto/eseal"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// acquaintance is a certificate that was met, read once. Documents of one department
// carry the same two over and over.
type acquaintance struct {
	certificate *pki.Certificate // nil: it cannot be read at all
	key         *sm.PublicKey
	err         error // why its key cannot be had

	mutex sync.Mutex
	chain []*pki.Certificate // to a trusted root, once one was found
}

// acquaintances are kept by their bytes. When there are too many, all are forgotten:
// who sends ever new certificates gains nothing but that.
type acquaintances struct {
	mutex sync.Mutex
	met   map[string]*acquaintance
	seals map[[sm.Size]byte]eseal.Form // whose maker's signature holds, by their SM3
}

const maxAcquaintances = 4096

func newAcquaintances() *acquaintances {
	return &acquaintances{met: map[string]*acquaintance{}, seals: map[[sm.Size]byte]eseal.Form{}}
}

// sealHolds tells how the maker's signature of a seal was written that was met and held.
func (a *acquaintances) sealHolds(digest [sm.Size]byte) (eseal.Form, bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	form, known := a.seals[digest]
	return form, known
}

func (a *acquaintances) rememberSeal(digest [sm.Size]byte, form eseal.Form) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if len(a.seals) >= maxAcquaintances {
		clear(a.seals)
	}
	a.seals[digest] = form
}

func (a *acquaintances) meet(der []byte) *acquaintance {
	a.mutex.Lock()
	known := a.met[string(der)]
	a.mutex.Unlock()
	if known != nil {
		return known
	}
	met := &acquaintance{}
	if met.certificate, met.err = pki.Parse(der); met.err != nil {
		met.certificate = nil
	} else {
		met.key, met.err = met.certificate.PublicKey()
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if len(a.met) >= maxAcquaintances {
		clear(a.met)
	}
	a.met[string(der)] = met
	return met
}

// chain finds a chain to a trusted root as of at. One that was found serves again while
// all of it is in force; its signatures do not change.
func (v *Verifier) chain(caller string, of *acquaintance, at time.Time) ([]*pki.Certificate, error) {
	of.mutex.Lock()
	known := of.chain
	of.mutex.Unlock()
	if known != nil && !slices.ContainsFunc(known, func(c *pki.Certificate) bool { return !c.ValidAt(at) }) {
		return known, nil
	}
	found, err := pki.BuildChain(v.signatures, caller, of.certificate, v.trust.Intermediates, v.trust.Roots, at)
	if err != nil {
		return nil, err
	}
	of.mutex.Lock()
	of.chain = found
	of.mutex.Unlock()
	return found, nil
}

func describe(c *pki.Certificate) *Certificate {
	return &Certificate{Subject: name(c.Subject), Issuer: name(c.Issuer), Serial: c.SerialHex(), From: c.NotBefore, To: c.NotAfter, Oddities: c.Oddities}
}

// name writes a distinguished name's values, without the identifiers that nobody reads.
func name(n pki.Name) string {
	values := make([]string, len(n))
	for i, attribute := range n {
		values[i] = attribute.Value
	}
	return strings.Join(values, ", ")
}
