package licence

import (
	"slices"

	"kapok/gateway"
)

// State is where a licence stands in its life. The words are those of Guangdong's
// license_status.
type State string

// The states. Nothing leaves ABOLISHED.
const (
	None       State = ""
	Draft      State = "DRAFT"      // 草案
	Registered State = "REGISTERED" // 已制证, not signed yet
	Issued     State = "ISSUED"     // 已签发
	Abolished  State = "ABOLISHED"  // 已废止
)

// Event is what befalls a licence.
type Event string

// The events.
const (
	EventDrafted    Event = "drafted"    // 拟制
	EventRegistered Event = "registered" // 制证
	EventIssued     Event = "issued"     // 签发: sealed
	EventCollected  Event = "collected"  // 归集: taken over from the system of its issuer
	EventChanged    Event = "changed"    // 变更: a new version, sealed
	EventRenewed    Event = "renewed"    // 延续: a new version with another end, sealed
	EventInspected  Event = "inspected"  // 年检: a new version that says until when, sealed
	EventAbolished  Event = "abolished"  // 废止
)

// life is every step there is.
var life = []struct {
	event Event
	from  []State
	to    State
}{
	{EventDrafted, []State{None}, Draft},
	{EventRegistered, []State{None, Draft}, Registered},
	{EventIssued, []State{Registered}, Issued},
	{EventCollected, []State{None}, Issued},
	{EventChanged, []State{Issued}, Issued},
	{EventRenewed, []State{Issued}, Issued},
	{EventInspected, []State{Issued}, Issued},
	{EventAbolished, []State{Draft, Registered, Issued}, Abolished},
}

// After is the state that an event leads to; Conflict, licence-state, where it cannot
// happen.
func (s State) After(event Event) (State, error) {
	for _, step := range life {
		if step.event == event && slices.Contains(step.from, s) {
			return step.to, nil
		}
	}
	return s, gateway.Fail(gateway.Conflict, "licence-state", "The licence is in a state in which this cannot be done.")
}

// Versions reports whether the event puts a new version in the place of the one
// before, which ends with it.
func (e Event) Versions() bool {
	return slices.Contains([]Event{EventChanged, EventRenewed, EventInspected}, e)
}
