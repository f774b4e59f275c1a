package licensing

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"kapok/catalog"
	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licence/verify"
	"kapok/gateway/messages"
)

// SealKeys gives the keys that departments seal with, by name. The signer may be asked
// by many at once.
type SealKeys interface {
	SealKey(ctx context.Context, name, holder string) (keys.SealKey, error)
}

// Subjects knows people by a random reference. One never seen is made.
type Subjects interface {
	SubjectRef(ctx context.Context, identity gateway.Identity) (string, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Catalog  func() *catalog.Catalog
	Store    Store
	Batches  Batches
	Keeper   Keeper
	Log      Log
	Subjects Subjects
	Words    func(space, text string) []keys.Token // keyed look-ups, newest first
	Keys     SealKeys
	Verify   *verify.Verifier // trusts the district's root and those that it was given
	Now      func() time.Time
}

// Service makes licences and ends them.
type Service struct {
	Config
	seals sync.Map // name → seal; grows with the departments' seals only
}

// New builds the service.
func New(c Config) *Service { return &Service{Config: c} }

// Officer is who acts for an issuing department.
type Officer struct {
	Ref        string // the provider's name for them, or the id of a system
	Department string
}

// contents is what is encrypted of a licence.
type contents struct {
	ID       string                     `json:"id"` // binds it to its row
	Elements map[licence.Element]string `json:"elements"`
	Extended map[string]string          `json:"extended"`
}

// Licence is a licence opened.
type Licence struct {
	Record
	Metadata licence.Metadata
}

// Valid reports whether it could be used at now: issued, and not expired.
func (l Licence) Valid(now time.Time) bool {
	return l.State == licence.Issued && !l.Metadata.ExpiredOn(now)
}

func (s *Service) seal(ctx context.Context, subject, id string, m licence.Metadata) ([]byte, error) {
	plain, err := json.Marshal(contents{ID: id, Elements: m.Elements, Extended: m.Extended})
	if err != nil {
		return nil, err
	}
	return s.encrypt(ctx, subject, plain)
}

// keptClass is the class under which licences are kept: as long as their uses.
const keptClass = messages.Use

func (s *Service) encrypt(ctx context.Context, subject string, plain []byte) ([]byte, error) {
	sealed, err := s.Keeper.Seal(ctx, subject, messages.Use, plain)
	if err != nil {
		return nil, err
	}
	return sealed.Sealed, nil
}

// open decrypts a record's metadata. One that stands in another's row is an error.
func (s *Service) open(ctx context.Context, r Record) (Licence, error) {
	plain, err := s.Keeper.Open(ctx, r.SubjectRef, messages.Use, r.Sealed)
	if err != nil {
		return Licence{}, unreadable(err)
	}
	var read contents
	if err := json.Unmarshal(plain, &read); err != nil || read.ID != r.ID {
		return Licence{}, unreadable(err)
	}
	return Licence{Record: r, Metadata: licence.Metadata{Elements: read.Elements, Extended: read.Extended}}, nil
}

func unreadable(cause error) error {
	return gateway.Fail(gateway.Internal, "licence-unreadable", "What is kept of the licence cannot be read.").Because(cause)
}

// Of lists a person's licences, opened, those changed last first.
func (s *Service) Of(ctx context.Context, subjectRef string) ([]Licence, error) {
	records, err := s.Store.LicencesOf(ctx, subjectRef)
	if err != nil {
		return nil, err
	}
	opened := make([]Licence, len(records))
	for i, record := range records {
		if opened[i], err = s.open(ctx, record); err != nil {
			return nil, err
		}
	}
	return opened, nil
}

// Own is a person's own licence; another's is as if there were none.
func (s *Service) Own(ctx context.Context, subjectRef, id string) (Licence, error) {
	record, err := s.Store.Licence(ctx, id)
	if err == nil && record.SubjectRef != subjectRef {
		err = unknown()
	}
	if err != nil {
		return Licence{}, err
	}
	return s.open(ctx, record)
}

// Issued is a licence of an officer's own department; another's is as if there were none.
func (s *Service) Issued(ctx context.Context, by Officer, id string) (Licence, error) {
	record, err := s.Store.Licence(ctx, id)
	if err == nil && record.Issuer != by.Department {
		err = unknown()
	}
	if err != nil {
		return Licence{}, err
	}
	return s.open(ctx, record)
}

// File is the sealed OFD of a licence's version in force.
func (s *Service) File(ctx context.Context, l Licence) ([]byte, error) {
	sealed, err := s.Store.LicenceFile(ctx, l.ID, l.Version)
	if err != nil {
		return nil, err
	}
	if sealed == nil {
		return nil, gateway.Fail(gateway.NotFound, "licence-not-issued", "The licence is not issued; there is no file of it.")
	}
	plain, err := s.Keeper.Open(ctx, l.SubjectRef, messages.Use, sealed)
	if err != nil {
		return nil, unreadable(err)
	}
	return plain, nil
}

func unknown() error {
	return gateway.Fail(gateway.NotFound, "licence-unknown", "There is no such licence, or it is not yours.")
}

// apply makes changes durable and waits until the ledger has sealed the last of them.
func (s *Service) apply(ctx context.Context, changes ...Change) error {
	pending, err := s.Store.ApplyLicences(ctx, changes)
	if err != nil {
		return err
	}
	_, err = s.Log.Drain(ctx, pending[len(pending)-1])
	return err
}
