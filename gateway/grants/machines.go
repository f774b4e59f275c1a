package grants

import "kapok/gateway"

// Kind is what a matter is about.
type Kind string

// The kinds.
const (
	Application   Kind = "application"    // 申请共享 (条例 20)
	Correction    Kind = "correction"     // 校核: data is wrong
	Objection     Kind = "objection"      // 异议: against a refusal, a narrowing, a suspension
	CatalogUpdate Kind = "catalog-update" // 目录更新
	UnusedRights  Kind = "unused-rights"  // 闲置授权: the monthly proposal to narrow
)

// Side is one of those who take part in a matter.
type Side string

// The sides.
const (
	Applicant Side = "applicant" // the department that asks, or the citizen
	Provider  Side = "provider"
	Bureau    Side = "bureau" // 数据主管部门
	Job       Side = "kapok"  // what happens by itself
)

// State is where a matter stands.
type State string

// Event is what befalls a matter. Events are only ever added.
type Event string

// The states.
const (
	None         State = ""
	Submitted    State = "SUBMITTED"
	Incomplete   State = "INCOMPLETE" // the applicant has the list of what is missing
	Approved     State = "APPROVED"   // the grant is in force, the data is to be delivered
	Delivered    State = "DELIVERED"
	Refused      State = "REFUSED"
	Withdrawn    State = "WITHDRAWN"
	Filed        State = "FILED"
	Accepted     State = "ACCEPTED"     // corrected, or the objection allowed
	Maintained   State = "MAINTAINED"   // the provider stands by it
	Coordination State = "COORDINATION" // 协调, by the data bureau
	Reported     State = "REPORTED"     // 上报, to the people's government of this level
	Settled      State = "SETTLED"
	Decided      State = "DECIDED"
	Wanted       State = "DUE"
	InReview     State = "REVIEW"
	Done         State = "DONE"
	Proposed     State = "PROPOSED"
	Narrowed     State = "NARROWED"
	Kept         State = "KEPT"
)

// The events.
const (
	Submit      Event = "submitted"
	SubmitPart  Event = "submitted-incomplete"
	TellMissing Event = "missing-told" // 一次性告知
	Complete    Event = "completed"
	Extend      Event = "extended"
	Approve     Event = "approved"
	Narrow      Event = "narrowed" // approved in part
	Refuse      Event = "refused"
	Withdraw    Event = "withdrawn"
	Deliver     Event = "delivered"
	File        Event = "filed"
	Accept      Event = "accepted"
	Maintain    Event = "maintained"
	Coordinate  Event = "coordination-asked"
	Settle      Event = "settled"
	Report      Event = "reported"
	Decide      Event = "decided"
	Hand        Event = "handed-in"
	Return      Event = "returned"
	Keep        Event = "kept"

	Soon      Event = "due-soon"
	Late      Event = "late"
	Escalated Event = "escalated"
)

// verb is what an event does to a clock.
type verb int

const (
	start verb = iota
	pause
	resume
	extend
	stop
)

type effect struct {
	do    verb
	clock string
}

// answer stands for the clock that the item's sharing type calls for.
const answer = "answer"

// step is one line of a machine.
type step struct {
	from   State
	event  Event
	to     State
	by     []Side
	clocks []effect
	reason bool // has to be given
	once   bool // in the life of the matter
	late   bool // only when the clock that runs is late
}

// machines hold all that can happen. What is not in them cannot.
var machines = map[Kind][]step{
	Application: {
		{from: None, event: Submit, to: Submitted, by: []Side{Applicant}, clocks: []effect{{start, answer}}},
		{from: None, event: SubmitPart, to: Incomplete, by: []Side{Applicant}},
		{from: Submitted, event: TellMissing, to: Incomplete, by: []Side{Provider}, clocks: []effect{{pause, answer}}, reason: true, once: true},
		{from: Incomplete, event: Complete, to: Submitted, by: []Side{Applicant}, clocks: []effect{{resume, answer}}},
		{from: Submitted, event: Extend, to: Submitted, by: []Side{Provider}, clocks: []effect{{extend, answer}}, reason: true, once: true},
		{from: Submitted, event: Approve, to: Approved, by: []Side{Provider}, clocks: []effect{{stop, answer}, {start, delivery}}},
		{from: Submitted, event: Narrow, to: Approved, by: []Side{Provider}, clocks: []effect{{stop, answer}, {start, delivery}}, reason: true},
		{from: Submitted, event: Refuse, to: Refused, by: []Side{Provider}, clocks: []effect{{stop, answer}}, reason: true},
		{from: Submitted, event: Withdraw, to: Withdrawn, by: []Side{Applicant}, clocks: []effect{{stop, answer}}},
		{from: Incomplete, event: Withdraw, to: Withdrawn, by: []Side{Applicant}, clocks: []effect{{stop, answer}}},
		{from: Approved, event: Deliver, to: Delivered, by: []Side{Applicant}, clocks: []effect{{stop, delivery}}},
	},
	Correction: dispute(correctionClock),
	Objection:  dispute(objectionClock),
	CatalogUpdate: {
		{from: None, event: File, to: Wanted, by: []Side{Bureau}, clocks: []effect{{start, update}}, reason: true},
		{from: Wanted, event: Extend, to: Wanted, by: []Side{Provider}, clocks: []effect{{extend, update}}, reason: true, once: true},
		{from: Wanted, event: Hand, to: InReview, by: []Side{Provider}, clocks: []effect{{stop, update}, {start, updateReview}}},
		{from: InReview, event: Accept, to: Done, by: []Side{Bureau}, clocks: []effect{{stop, updateReview}}},
		{from: InReview, event: Return, to: Wanted, by: []Side{Bureau}, clocks: []effect{{stop, updateReview}, {start, update}}, reason: true},
	},
	UnusedRights: {
		{from: None, event: File, to: Proposed, by: []Side{Job}, clocks: []effect{{start, narrowing}}},
		{from: Proposed, event: Narrow, to: Narrowed, by: []Side{Provider}, clocks: []effect{{stop, narrowing}}},
		{from: Proposed, event: Keep, to: Kept, by: []Side{Provider}, clocks: []effect{{stop, narrowing}}, reason: true},
	},
}

// dispute is the ladder of a correction and of an objection: the provider answers;
// the bureau coordinates (协调); what cannot be settled is reported (上报).
func dispute(clock string) []step {
	return []step{
		{from: None, event: File, to: Filed, by: []Side{Applicant, Job}, clocks: []effect{{start, clock}}, reason: true},
		{from: Filed, event: Accept, to: Accepted, by: []Side{Provider}, clocks: []effect{{stop, clock}}, reason: true},
		{from: Filed, event: Maintain, to: Maintained, by: []Side{Provider}, clocks: []effect{{stop, clock}}, reason: true},
		{from: Filed, event: Withdraw, to: Withdrawn, by: []Side{Applicant}, clocks: []effect{{stop, clock}}},
		{from: Filed, event: Coordinate, to: Coordination, by: []Side{Applicant}, clocks: []effect{{stop, clock}, {start, coordination}}, reason: true, late: true},
		{from: Maintained, event: Coordinate, to: Coordination, by: []Side{Applicant}, clocks: []effect{{start, coordination}}, reason: true},
		{from: Coordination, event: Settle, to: Settled, by: []Side{Bureau}, clocks: []effect{{stop, coordination}}, reason: true},
		{from: Coordination, event: Report, to: Reported, by: []Side{Bureau}, clocks: []effect{{stop, coordination}}, reason: true},
		{from: Reported, event: Decide, to: Decided, by: []Side{Bureau}, reason: true},
	}
}

// stepFor finds the line of the machine; a Conflict, matter-state, where there is none.
func stepFor(kind Kind, from State, event Event) (step, error) {
	for _, s := range machines[kind] {
		if s.from == from && s.event == event {
			return s, nil
		}
	}
	return step{}, gateway.Fail(gateway.Conflict, "matter-state", "The matter is in a state in which this cannot be done.")
}

// Reason is why a provider refuses, narrows, or keeps; a text goes with it.
type Reason struct{ Code, Zh, En string }

var reasons = []Reason{
	{"beyond-duty", "超出申请部门履职所需", "It goes beyond what the applicant's duties need."},
	{"no-legal-ground", "所列依据不能支持该项共享", "The provision named does not support it."},
	{"purpose-unclear", "用途或者场景不明确", "Purpose or scene are not clear."},
	{"not-held", "本部门不掌握所申请的数据", "The provider does not hold the data."},
	{"law-forbids", "法律、行政法规规定不予共享", "A law or administrative regulation forbids sharing."},
	{"not-complete", "材料不齐全", "Parts of the application are missing."},
	{"needs-time", "需要延长答复时间", "The answer needs more time."},
	{"other", "其他,见说明", "Another reason, told in the text."},
}

// Reasons lists the reasons to choose from.
func Reasons() []Reason { return append([]Reason(nil), reasons...) }
