package confirmation

import (
	"encoding/hex"
	"slices"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Life is how long a request waits for its second officer, and then for its use.
const Life = 24 * time.Hour

// Confirmation is one request that a second officer is asked about. It holds no value
// and no identity number.
type Confirmation struct {
	ID          string // 32 hex digits
	Digest      string // of the request: see [Digest]
	SubjectRef  string // whom it is about
	System      string // who asks
	Department  string
	Provider    string // whose data it is
	Item        string
	Fields      []string
	Operation   gateway.Operation
	ServiceItem string
	CaseNo      string
	Purpose     string
	OfficerRef  string // the first officer, as the department names them
	AskedAt     time.Time
	Expires     time.Time // first moment at which it is no longer of use
	State       State
	DecidedAt   time.Time
	DecidedBy   string // the identity provider's name of the second officer
	Reason      string
}

// State is where a confirmation stands.
type State string

// The states. What was used up stands in the ledger's claims, so that it is exact on
// every node.
const (
	Pending   State = "PENDING"
	Confirmed State = "CONFIRMED"
	Refused   State = "REFUSED"
)

// Event is what a second officer does.
type Event string

// The events.
const (
	Confirm Event = "confirmed"
	Refuse  Event = "refused"
)

var outcomes = map[Event]State{Confirm: Confirmed, Refuse: Refused}

// Officer is who is signed in.
type Officer struct {
	Ref        string // the identity provider's name
	OfficerRef string // the department's own, where the list of staff has it
	Department string
	Roles      []string
}

func (o Officer) has(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(o.Roles, role) })
}

// mayDecide: the calling department's people and the provider's.
func (c Confirmation) mayDecide(o Officer) bool {
	return o.Department == c.Department && o.has("consumer", "approver") || o.Department == c.Provider && o.has("provider")
}

// Shows reports whether an officer may read it.
func (c Confirmation) Shows(o Officer) bool { return c.mayDecide(o) || o.has("bureau", "auditor") }

// by reports whether an officer is the one who asked.
func (c Confirmation) by(o Officer) bool {
	return o.Ref == c.OfficerRef || o.OfficerRef != "" && o.OfficerRef == c.OfficerRef
}

// Decide is the confirmation after what an officer does. Somebody else's is NotFound.
func (c Confirmation) Decide(o Officer, event Event, reason string, now time.Time) (Confirmation, error) {
	state, known := outcomes[event]
	switch {
	case !c.Shows(o):
		return c, Unknown()
	case !known:
		return c, wrong("/event", "It is confirmed or refused.")
	case !c.mayDecide(o):
		return c, gateway.Fail(gateway.Forbidden, "not-your-turn", "The calling department's people and the provider's do this.")
	case c.by(o):
		return c, gateway.Fail(gateway.Forbidden, "same-person", "Who asked does not confirm it; another person has to.")
	case event == Refuse && reason == "":
		return c, wrong("/reason", "A reason is given.")
	case c.State != Pending:
		return c, gateway.Fail(gateway.Conflict, "confirmation-decided", "It was confirmed or refused already.")
	case !now.Before(c.Expires):
		return c, gateway.Fail(gateway.Conflict, "confirmation-expired", "It was not answered in time; the request has to be made again.")
	}
	c.State, c.DecidedAt, c.DecidedBy, c.Reason = state, now, o.Ref, reason
	return c, nil
}

func wrong(field, rule string) error {
	failure := gateway.Fail(gateway.Invalid, "field-invalid", rule)
	failure.Field = field
	return failure
}

// Unknown is what is answered about a confirmation that is not there, or not one's own.
func Unknown() *gateway.Error {
	return gateway.Fail(gateway.NotFound, "confirmation-unknown", "There is no such confirmation, or it is not yours.")
}

// Entry is what the ledger keeps of an event: "confirmation-asked" and so on. The text
// of a reason is not in it: people write names into texts.
func (c Confirmation) Entry(event Event, at time.Time) ledger.Entry {
	return ledger.Entry{Kind: ledger.Kind("confirmation-" + string(event)), Ref: c.ID, At: at, Fields: []ledger.Field{
		{Name: "department", Value: c.Department},
		{Name: "system", Value: c.System},
		{Name: "provider", Value: c.Provider},
		{Name: "officer", Value: c.OfficerRef},
		{Name: "item", Value: c.Item},
		{Name: "operation", Value: string(c.Operation)},
		{Name: "service-item", Value: c.ServiceItem},
		{Name: "case", Value: c.CaseNo},
		{Name: "purpose", Value: c.Purpose},
		{Name: "actor", Value: c.DecidedBy},
	}}
}

// Asked is the event of the path, not of an officer.
const Asked Event = "asked"

const digestDomain = sm.Domain("kapok/confirmation/v1")

// Digest names a request: the same texts in the same order are the same one. The first
// is the person's random reference, without which the rest cannot be guessed.
func Digest(subjectRef string, request []byte) string {
	digest := sm.Sum(digestDomain.Message([]byte(subjectRef+"\n")), request)
	return hex.EncodeToString(digest[:])
}
