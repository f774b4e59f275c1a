package replay

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"kapok/gateway/ledger"
	"kapok/policies"
)

// decided is one decision as its note has it.
type decided struct {
	input   policies.Input
	outcome *outcome
}

// library holds the parts, each read once.
type library struct {
	texts map[[ledger.PartSize]byte][]byte

	systems   map[[ledger.PartSize]byte]*policies.System
	items     map[[ledger.PartSize]byte]*policies.Item
	grants    map[[ledger.PartSize]byte]*policies.Grant
	templates map[[ledger.PartSize]byte]*policies.Template
	bases     map[[ledger.PartSize]byte]*policies.Basis
	asks      map[[ledger.PartSize]byte]*asked
	outcomes  map[[ledger.PartSize]byte]*outcome
}

func newLibrary(texts map[[ledger.PartSize]byte][]byte) *library {
	return &library{
		texts: texts, systems: map[[ledger.PartSize]byte]*policies.System{}, items: map[[ledger.PartSize]byte]*policies.Item{},
		grants: map[[ledger.PartSize]byte]*policies.Grant{}, templates: map[[ledger.PartSize]byte]*policies.Template{},
		bases: map[[ledger.PartSize]byte]*policies.Basis{}, asks: map[[ledger.PartSize]byte]*asked{}, outcomes: map[[ledger.PartSize]byte]*outcome{},
	}
}

// part reads a part; nil for the zero digest.
func part[T any](l *library, read map[[ledger.PartSize]byte]*T, digest [ledger.PartSize]byte) (*T, error) {
	if found, known := read[digest]; known {
		return found, nil
	}
	if digest == ([ledger.PartSize]byte{}) {
		return nil, nil
	}
	text, known := l.texts[digest]
	if !known {
		return nil, fmt.Errorf("replay: a note names a part that is not stored")
	}
	found := new(T)
	if err := json.Unmarshal(text, found); err != nil {
		return nil, fmt.Errorf("replay: a part: %w", err)
	}
	read[digest] = found
	return found, nil
}

// The stand-ins for the person and the case that a note does not hold.
const (
	aPerson = "person"
	another = "another"
	aCase   = "case"
)

// read makes the input again: the same to every rule, since rules ask of person and
// case only whether they are the basis's.
func (l *library) read(record []byte, into *decided) error {
	if len(record) != noteSize {
		return fmt.Errorf("replay: a note of %d bytes, want %d", len(record), noteSize)
	}
	digest := func(at int) [ledger.PartSize]byte {
		from := 1 + moments*8 + at*ledger.PartSize
		return [ledger.PartSize]byte(record[from : from+ledger.PartSize])
	}
	system, err1 := part(l, l.systems, digest(atSystem))
	item, err2 := part(l, l.items, digest(atItem))
	grant, err3 := part(l, l.grants, digest(atGrant))
	template, err4 := part(l, l.templates, digest(atTemplate))
	basis, err5 := part(l, l.bases, digest(atBasis))
	ask, err6 := part(l, l.asks, digest(atAsk))
	came, err7 := part(l, l.outcomes, digest(atOutcome))
	for _, err := range [...]error{err1, err2, err3, err4, err5, err6, err7} {
		if err != nil {
			return err
		}
	}
	if system == nil || item == nil || ask == nil || came == nil {
		return fmt.Errorf("replay: a note without system, item, request or outcome")
	}
	into.input = policies.Input{
		Now: momentAt(record, 0), System: *system, Item: *item, Subject: aPerson, Ask: ask.Ask, Network: ask.Network, Grant: grant, Template: template,
	}
	into.input.Ask.CaseNo, into.outcome = aCase, came
	if basis != nil {
		into.input.Basis = basisOf(*basis, record)
	}
	return nil
}

func basisOf(b policies.Basis, record []byte) *policies.Basis {
	flags := record[0]
	b.From, b.Expires = momentAt(record, 1), momentAt(record, 2)
	if flags&caseBound != 0 {
		b.CaseNo = choose(flags&caseSame != 0, aCase, another)
	}
	if flags&personal != 0 {
		b.Subject = choose(flags&personSame != 0, aPerson, another)
	}
	return &b
}

func choose(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

func momentAt(record []byte, n int) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(record[1+8*n:]))).UTC()
}
