package replay

import (
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Parts are those that the catalogue fixes, made once; the zero Part is made from the
// input instead.
type Parts struct{ System, Item, Grant ledger.Part }

// NewPart writes something that many notes share.
func NewPart(shared any) (ledger.Part, error) {
	text, err := json.Marshal(shared)
	if err != nil {
		return ledger.Part{}, err
	}
	digest := sm.Sum(text)
	return ledger.Part{Digest: [ledger.PartSize]byte(digest[:]), Text: text}, nil
}

// outcome is what a decision came to, without its words.
type outcome struct {
	Allowed     bool     `json:"allowed"`
	Code        string   `json:"code,omitempty"`
	Obligations []string `json:"obligations,omitempty"`
	PolicySet   string   `json:"policy_set"`
	Catalogue   string   `json:"catalogue"`
}

// The bits of a note's flags.
const (
	caseBound = 1 << iota // the basis names a case
	caseSame              // and it is the request's
	personal              // the basis names a person
	personSame
)

// A note is the flags, three moments, and the digests of seven parts. The zero digest
// stands for none.
const (
	moments  = 3
	parts    = 7
	noteSize = 1 + moments*8 + parts*ledger.PartSize
)

// The order of the parts.
const (
	atSystem = iota
	atItem
	atGrant
	atTemplate
	atBasis
	atAsk
	atOutcome
)

// Note writes what a decision depended on and what it came to.
func Note(in *policies.Input, d policies.Decision, catalogue string, known Parts) (*ledger.Aside, error) {
	w := writer{record: make([]byte, 0, noteSize), note: &ledger.Aside{Parts: make([]ledger.Part, 0, parts)}}
	w.flags(in)
	w.moment(in.Now)
	w.limits(in.Basis)
	w.known(known.System, in.System, true)
	w.known(known.Item, in.Item, true)
	w.known(known.Grant, in.Grant, in.Grant != nil)
	w.known(ledger.Part{}, in.Template, in.Template != nil)
	w.known(ledger.Part{}, shapeOfBasis(in.Basis), in.Basis != nil)
	w.known(ledger.Part{}, asked{shapeOfAsk(in.Ask), in.Network}, true)
	w.known(ledger.Part{}, outcome{d.Allowed, d.Code, d.Obligations, d.PolicySet, catalogue}, true)
	w.note.Record = w.record
	return w.note, w.err
}

type writer struct {
	record []byte
	note   *ledger.Aside
	err    error
}

func (w *writer) flags(in *policies.Input) {
	var flags byte
	if b := in.Basis; b != nil {
		for _, bit := range []struct {
			set bool
			bit byte
		}{
			{b.CaseNo != "", caseBound}, {b.CaseNo == in.Ask.CaseNo, caseSame},
			{b.Subject != "", personal}, {b.Subject == in.Subject, personSame},
		} {
			if bit.set {
				flags |= bit.bit
			}
		}
	}
	w.record = append(w.record, flags)
}

func (w *writer) moment(at time.Time) {
	w.record = binary.BigEndian.AppendUint64(w.record, uint64(at.UnixNano()))
}

// limits are of the basis and not of its shape: each consent has its own.
func (w *writer) limits(b *policies.Basis) {
	if b == nil {
		b = &policies.Basis{}
	}
	w.moment(b.From)
	w.moment(b.Expires)
}

func (w *writer) known(part ledger.Part, shared any, there bool) {
	if there && part.Text == nil && w.err == nil {
		part, w.err = NewPart(shared)
	}
	w.record = append(w.record, part.Digest[:]...)
	if there {
		w.note.Parts = append(w.note.Parts, part)
	}
}

// shapeOfBasis leaves out whose it is, for which case, and until when.
func shapeOfBasis(b *policies.Basis) *policies.Basis {
	if b == nil {
		return nil
	}
	shape := *b
	shape.ID, shape.Subject, shape.CaseNo, shape.From, shape.Expires = "", "", "", time.Time{}, time.Time{}
	return &shape
}

// asked is the shape of a request and where it came from: an address of a department's
// system, not of a person.
type asked struct {
	policies.Ask
	Network netip.Addr
}

func shapeOfAsk(a policies.Ask) policies.Ask {
	a.CaseNo = ""
	return a
}
