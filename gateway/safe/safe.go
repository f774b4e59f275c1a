package safe

import (
	"context"
	"time"

	"kapok/catalog"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Bases keeps access bases. Both calls commit the change together with its pending
// ledger entry, whose id they return; an ended basis is stopped on every node when
// ChangeBasis returns. Ending one twice answers the same, with no pending entry.
type Bases interface {
	InsertBasis(ctx context.Context, signed basis.Signed, at time.Time) (pending string, err error)
	ChangeBasis(ctx context.Context, e basis.Change) (held basis.Held, pending string, err error)
	Basis(ctx context.Context, id string) (basis.Held, basis.Signed, error) // NotFound, basis-unknown
}

// History keeps what befell bases, and the notices that people were shown, by the SM3
// of their text; an unknown one is the zero Notice.
type History interface {
	EventsOfBasis(ctx context.Context, id string) ([]basis.Happened, error)
	UsesOfBasis(ctx context.Context, id string) (int, error)
	KeepNotice(ctx context.Context, n Notice) error
	NoticeShown(ctx context.Context, sm3 string) (Notice, error)
}

// Issued finds the grants that the workflow issued and that were not ended.
type Issued interface {
	InForce(ctx context.Context, system, item string) ([]*policies.Grant, error)
}

// Log seals what was committed.
type Log interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Catalog   func() *catalog.Catalog // the one in force
	Bases     Bases
	History   History
	Requests  Requests
	Erasures  Erasures
	Deadlines Deadlines
	Issued    Issued
	Log       Log
	Signing   func() keys.Signing
	Now       func() time.Time

	Presentations Presentations
	Journal       Journal
	Verifier      *sm.Verifier
}

// Service changes access bases.
type Service struct{ Config }

// New builds the service.
func New(c Config) *Service { return &Service{Config: c} }

// Person is who is signed in.
type Person struct {
	Ref   string // subject_ref of a citizen, the provider's subject for staff
	Own   string // staff's subject_ref as a person, where the provider vouches for it; "" otherwise
	Level string // assurance level of the sign-in: "L3"

	AgeBand basis.AgeBand // of a citizen, when they signed in; "": not known

	For     string         // the subject_ref of whom they act for; "": themselves
	Mandate string         // by which they do
	Matters []string       // those of the mandate
	As      basis.Capacity // of whom they act for; "": an adult who appointed them
}

// Wanted is what a person would allow, or what the bureau would register, before it
// is an access basis.
type Wanted struct {
	Department  string
	System      string
	Item        string
	Fields      []string
	Operation   gateway.Operation
	ServiceItem string
	Purpose     string
	CaseNo      string
	Expires     time.Time
	Separate    bool // a separate consent, which sensitive fields need (PIPL 29)

	Optional []string // of Fields, those that the person may leave out
	MaxUses  int      // 0: no limit
	PerDay   int      // 0: no limit
	Template string   // id of the template that bounds it; "": the grant alone does
	Kind     basis.Kind
	Contract string // the contract's number, for Kind CONTRACT
	KeyID    string // of the key that the asking system signed with

	now time.Time
}

// draft checks what is wanted against the catalogue and a grant in force, and fills
// in what the catalogue knows: a basis never allows more than the grant it serves.
func (s *Service) draft(ctx context.Context, directory *catalog.Catalog, w Wanted) (basis.Basis, error) {
	item, known := directory.Item(w.Item)
	if !known {
		return basis.Basis{}, unknown("/item", "The catalogue holds no such data item.")
	}
	grant, err := s.grant(ctx, directory, w)
	if err != nil {
		return basis.Basis{}, err
	}
	if excess := without(w.Fields, grant.Fields); len(excess) > 0 {
		failure := gateway.Fail(gateway.Excess, "fields-exceed", "The fields go beyond the grant; those in excess are named.")
		failure.Field, failure.Fields = "/fields", excess
		return basis.Basis{}, failure
	}
	purpose, known := directory.Purpose(w.Purpose)
	if !known {
		return basis.Basis{}, unknown("/purpose", "The catalogue holds no such purpose.")
	}
	return bounded(directory, w, basis.Basis{
		Department: w.Department, System: w.System, Provider: item.Provider,
		Item: item.Code, ItemVersion: item.Version, Fields: w.Fields, Sensitive: sensitive(item, w.Fields),
		Operations: []gateway.Operation{w.Operation}, Purpose: w.Purpose, PurposeText: purpose.Label,
		ServiceItem: w.ServiceItem, CaseNo: w.CaseNo, Expires: w.Expires, EraseAt: w.Expires,
		Optional: w.Optional, MaxUses: w.MaxUses, PerDay: w.PerDay, Contract: w.Contract, KeyID: w.KeyID,
		Controls: basis.Controls{Grant: grant.ID, Catalogue: directory.Digest()},
	})
}

// seal signs a basis, stores it and waits until the ledger has it.
func (s *Service) seal(ctx context.Context, draft basis.Basis) (basis.Basis, error) {
	made, err := basis.New(draft, s.Now())
	if err != nil {
		return basis.Basis{}, err
	}
	signing := s.Signing()
	signed, err := basis.Sign(ctx, made, signing.Signer, signing.Certificate)
	if err != nil {
		return basis.Basis{}, err
	}
	pending, err := s.Bases.InsertBasis(ctx, signed, s.Now())
	if err != nil {
		return basis.Basis{}, err
	}
	_, err = s.Log.Drain(ctx, pending)
	return made, err
}
