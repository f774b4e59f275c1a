package grants

import (
	"encoding/json"
	"slices"
	"time"

	"kapok/gateway"
)

// Matter is something under way between an applicant and a provider.
type Matter struct {
	ID        string // 32 hex digits
	Kind      Kind
	State     State
	Applicant string // a department's id; "" where a citizen files it
	Subject   string // the citizen's subject_ref; "" for a department's
	Provider  string // the department that answers
	Item      string // the item's code
	About     string // the grant or the matter that it concerns; "" for none
	FiledAt   time.Time
	Document  json.RawMessage // what is asked for, as of the latest event that carries one
	Clocks    []Clock
	Events    []Happened
}

// Happened is an event that was recorded.
type Happened struct {
	Seq        int
	Event      Event
	State      State     // that it led to
	At         time.Time // by the clock of the workflow
	Side       Side
	By         Person
	ReasonCode string
	Reason     string
	Document   json.RawMessage // nil: none
}

// Person is who acts. Ref is the identity provider's name for them, SubjectRef their
// own reference where the provider vouches for their identity number.
type Person struct {
	Ref        string
	SubjectRef string
	Department string
	Roles      []string
}

// Same reports whether two are one person, through whatever account.
func (p Person) Same(other Person) bool {
	return p.Account().Same(other.Account())
}

// Account is the person as those know them who ask only whether two are one.
func (p Person) Account() gateway.Account {
	return gateway.Account{Ref: p.Ref, SubjectRef: p.SubjectRef}
}

// The roles, as the catalogue's list of staff has them.
const (
	consumerRole = "consumer"
	providerRole = "provider"
	bureauRole   = "bureau"
	auditorRole  = "auditor"
)

func (p Person) has(role string) bool { return slices.Contains(p.Roles, role) }

// kapok is who acts by itself.
func kapok() Person { return Person{Ref: "kapok"} }

// sides are those for which a person may speak in a matter.
func (m Matter) sides(p Person) []Side {
	var sides []Side
	if m.Applicant != "" && m.Applicant == p.Department && p.has(consumerRole) || m.Subject != "" && m.Subject == p.SubjectRef {
		sides = append(sides, Applicant)
	}
	if m.Provider == p.Department && p.has(providerRole) {
		sides = append(sides, Provider)
	}
	if p.has(bureauRole) {
		sides = append(sides, Bureau)
	}
	return sides
}

// Shows reports whether a person may read the matter.
func (m Matter) Shows(p Person) bool { return len(m.sides(p)) > 0 || p.has(auditorRole) }

// sideFor picks the side for which the person does something. Nobody speaks for two:
// who has acted for one side never acts for another.
func (m Matter) sideFor(p Person, by []Side) (Side, error) {
	for _, side := range m.sides(p) {
		if !slices.Contains(by, side) {
			continue
		}
		for _, earlier := range m.Events {
			if earlier.Side != side && earlier.By.Same(p) {
				return "", gateway.Fail(gateway.Forbidden, "same-person", "Who has acted for one side of a matter does not act for another; somebody else has to.")
			}
		}
		return side, nil
	}
	return "", gateway.Fail(gateway.Forbidden, "not-your-turn", "This is for another side of the matter to do.")
}

func (m Matter) had(event Event) bool {
	return slices.ContainsFunc(m.Events, func(h Happened) bool { return h.Event == event })
}

func (m *Matter) clock(name string) *Clock {
	for i := range m.Clocks {
		if m.Clocks[i].Name == name {
			return &m.Clocks[i]
		}
	}
	return nil
}

// lateAt reports whether a clock that runs is past its term.
func (m Matter) lateAt(now time.Time) bool {
	return slices.ContainsFunc(m.Clocks, func(c Clock) bool { return c.State == Runs && !now.Before(c.Due) })
}

// turn turns the clocks as a step says. answerBy is the clock that "answer" means.
func (m *Matter) turn(days Days, effects []effect, answerBy string, at time.Time) error {
	for _, e := range effects {
		name := e.clock
		if name == answer {
			name = answerBy
		}
		if err := m.turnOne(days, e.do, name, at); err != nil {
			return err
		}
	}
	return nil
}

func (m *Matter) turnOne(days Days, do verb, name string, at time.Time) error {
	term, _ := deadline(name) // the tables name each other; a test holds them together
	clock := m.clock(name)
	if clock == nil {
		if do == stop {
			return nil
		}
		m.Clocks = append(m.Clocks, Clock{})
		clock = &m.Clocks[len(m.Clocks)-1]
		do = start
	}
	switch do {
	case start:
		fresh, err := startClock(days, term, at)
		*clock = fresh
		return err
	case pause:
		return clock.pause(days, at)
	case resume:
		return clock.resume(days, at)
	case extend:
		if term.Longer == 0 {
			return gateway.Fail(gateway.Conflict, "term-fixed", "This term cannot be prolonged.")
		}
		return clock.extend(days, term.Longer)
	default:
		clock.stop(at)
		return nil
	}
}
