package exchange

import (
	"slices"
	"strings"
	"time"

	"kapok/gateway/basis"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// watermark says, with what leaves, who has it, for which case and since when: whoever
// shows or prints the data shows this with it. The response's signature covers it.
type watermark struct {
	Text       string    `json:"text"`
	Department string    `json:"department"`
	System     string    `json:"system"`
	OfficerRef string    `json:"officer_ref"`
	CaseNo     string    `json:"case_no"`
	ExchangeID string    `json:"exchange_id"`
	At         time.Time `json:"at"`
}

// mark makes the watermark; nil where no policy obliges to one.
func (s *Service) mark(u *use) *watermark {
	if !u.owes(policies.Watermark) {
		return nil
	}
	at := s.now().UTC().Truncate(time.Second)
	return &watermark{
		Text: strings.Join([]string{
			u.departmentName(), u.ask.OfficerRef, "办件 " + u.ask.CaseNo, at.In(china).Format("2006-01-02 15:04:05"), u.ref,
		}, " · "),
		Department: u.caller.Department, System: u.caller.System, OfficerRef: u.ask.OfficerRef,
		CaseNo: u.ask.CaseNo, ExchangeID: u.ref, At: at,
	}
}

func (u *use) owes(duty string) bool { return slices.Contains(u.decision.Obligations, duty) }

// dutyFields record what a policy obliged to, and when the person is told.
func (u *use) dutyFields() []ledger.Field {
	var fields []ledger.Field
	if len(u.decision.Obligations) > 0 {
		fields = append(fields, ledger.Field{Name: "duties", Value: strings.Join(u.decision.Obligations, ",")})
	}
	if u.owes(policies.Notify) {
		fields = append(fields, ledger.Field{Name: TellField, Value: u.telling()})
	}
	if u.confirmed.ID != "" {
		fields = append(fields, ledger.Field{Name: "confirmation", Value: u.confirmed.ID}, ledger.Field{Name: "confirmed-by", Value: u.confirmed.DecidedBy})
	}
	return fields
}

// telling is when the person is told: at once, or as the basis was lawfully given.
func (u *use) telling() string {
	told := u.resolved.Basis.Notify
	switch {
	case told.Mode == basis.Immediate || told.Mode == "":
		return TellNow
	case told.Until.IsZero():
		return TellNever
	default:
		return told.Until.UTC().Format(time.RFC3339)
	}
}

// TellField is the field of an outcome that says when the person is told of it: at once,
// never, or from a moment on (RFC 3339).
const (
	TellField = "tell"
	TellNow   = "now"
	TellNever = "never"
)
