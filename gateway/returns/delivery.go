package returns

import (
	"time"

	"kapok/gateway"
)

// Delivery is one version of a dataset as it was delivered.
type Delivery struct {
	ID         string // of the manifest: see [ID]
	Load       int64  // names the table of its rows
	Generation string // the delivery whose key seals its rows: the last full one
	Document   []byte // the manifest as it was signed
	Manifest   Manifest
	Signature  string // detached JWS
	KeyID      string
	System     string // of the provider, whose key signed
	Received   time.Time

	State    State
	Since    time.Time // of the state
	Actor    string    // who brought it there
	Report   *Report   // once it was reconciled
	Findings *Findings // once it was refused
}

// State is where a delivery stands. Nothing of it is served but in Published.
type State string

// The states, and from which of them each can be reached.
const (
	Received   State = "received"    // the manifest was accepted; files may be missing
	Refused    State = "refused"     // something breaks a rule; nothing of it is kept
	Reconciled State = "reconciled"  // landed, checked, compared; waits for somebody to publish
	Published  State = "published"   // in force
	Superseded State = "superseded"  // a later version is in force
	RolledBack State = "rolled-back" // was in force, and was taken back
	Destroyed  State = "destroyed"   // rows and keys are gone, and the ledger says so
)

var reachable = map[State][]State{
	Refused:    {Received},
	Reconciled: {Received},
	Published:  {Reconciled, Superseded},
	Superseded: {Published},
	RolledBack: {Published},
	Destroyed:  {Reconciled, Superseded, RolledBack, Published},
}

// CanBecome reports whether a delivery may go from one state to another.
func (s State) CanBecome(next State) error {
	for _, before := range reachable[next] {
		if before == s {
			return nil
		}
	}
	return gateway.Fail(gateway.Conflict, "return-state", "A delivery that is "+string(s)+" cannot become "+string(next)+".")
}

// Report is what reconciliation found.
type Report struct {
	Content string   `json:"content"` // SM3 of what was delivered, row by row: FORMAT.md §4
	Files   []Tally  `json:"files"`
	Rows    int64    `json:"rows"`    // of the version, once it is in force
	Landed  int64    `json:"landed"`  // of the delivery
	Changes *Changes `json:"changes"` // against the version in force; nil where there was none
	Base    string   `json:"base"`    // the delivery that was in force then; "" for none
	Persons int64    `json:"persons"` // whom the version is about

	Warnings  []string `json:"warnings,omitempty"`
	LandedFor string   `json:"landed_for"` // how long landing took, without interruptions
}

// Changes compares a version with the one before it, by keys.
type Changes struct {
	Added   int64 `json:"added"`
	Removed int64 `json:"removed"`
	Changed int64 `json:"changed"`
	Same    int64 `json:"same"`
}

// Progress is how far a landing is durable.
type Progress struct {
	File    int     `json:"file"` // place in the manifest's list
	Place   Place   `json:"place"`
	Tally   Tally   `json:"tally"`   // of that file
	Done    []Tally `json:"done"`    // of the files before it
	Content []byte  `json:"content"` // state of the content's digest
	Landed  int64   `json:"landed"`  // rows
	Read    int64   `json:"read"`    // bytes of all files
}

// Row is a row as it is kept.
type Row struct {
	Subject [16]byte // the person's reference
	Key     [16]byte // keyed hash of the key columns
	Digest  [16]byte // keyed hash of all columns: whether two versions say the same
	Mark    byte     // U or D
	File    int16
	Line    int64
	Plain   []string
	Sealed  [][]byte
}

// Lineage is where a value was delivered. It is bound to each sealed value.
type Lineage struct {
	Dataset  string
	Version  int    // in which it was delivered, which may be before the one in force
	Delivery string // that of the manifest
	Manifest string // SM3 of the manifest, hex
	File     string
	Line     int64
}
