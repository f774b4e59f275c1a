package licensing

import (
	"context"
	"fmt"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/licence"
	"kapok/gateway/messages"
)

// Record is a licence as it is kept.
type Record struct {
	ID          string // 32 hex digits, random
	SubjectRef  string
	Kind        string // 证照类型代码
	Issuer      string // a department's id
	State       licence.State
	Version     int
	Seq         int // of its last event
	ServiceItem string
	CaseNo      string
	DecidedAt   time.Time // zero: nobody said
	IssuedAt    time.Time // zero: not issued
	ChangedAt   time.Time
	Sealed      []byte // the metadata, encrypted
}

// StopKind is the kind of stop marker of a licence that ended.
const StopKind = "licence"

// StopID names one version of a licence for its stop marker; it is random and tells
// nothing.
func (r Record) StopID() string { return fmt.Sprintf("%s.%03d", r.ID, r.Version) }

// Step is an event with the state that it led to.
type Step struct {
	Event licence.Event
	State licence.State
}

// Change is one step in a licence's life, to be made durable with its entry.
type Change struct {
	Record   Record // as it is after the change
	Item     string // of the catalogue, under which the licence is used
	Steps    []Step
	Actor    string
	File     []byte      // the version's sealed OFD, encrypted; nil: none is made
	Lookups  [][]byte    // by which it is found from now on; one that stands already is another licence's
	Ends     ledger.Stop // the version that ends with this change; zero: none
	Entry    ledger.Entry
	Previous int // the sequence number that the change was made on; 0: a new licence
}

// Store keeps licences. Apply commits changes with their pending entries, all or none;
// a licence that changed since Previous is Conflict licence-state, a number given
// before is Conflict licence-number-taken.
type Store interface {
	ApplyLicences(ctx context.Context, changes []Change) (pending []string, err error)
	Licence(ctx context.Context, id string) (Record, error) // NotFound, licence-unknown
	LicencesOf(ctx context.Context, subjectRef string) ([]Record, error)
	LicenceFile(ctx context.Context, id string, version int) ([]byte, error)
	FindLicence(ctx context.Context, lookup []byte) (id string, err error) // "": none
	KeepSeal(ctx context.Context, name string, seal []byte) (standing []byte, err error)
	SealOf(ctx context.Context, name string) ([]byte, error) // nil: none
	Seals(ctx context.Context) ([][]byte, error)
}

// Keeper encrypts with a person's record key.
type Keeper interface {
	Seal(ctx context.Context, subjectRef string, class messages.Class, message []byte) (*ledger.Attachment, error)
	Open(ctx context.Context, owner string, class messages.Class, sealed []byte) ([]byte, error)
}

// Log seals what was committed, and records what was looked at.
type Log interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}
