package exchange

import (
	"context"
	"errors"

	"kapok/connectors"
	"kapok/gateway"
)

// fetch asks the source, within the time that the catalogue allows it.
func (s *Service) fetch(ctx context.Context, u *use) error {
	ctx, cancel := context.WithTimeout(ctx, u.source.Timeout)
	defer cancel()
	answer, err := u.source.Fetch(ctx, connectors.Query{
		Subject: u.subject, SubjectRef: u.resolved.SubjectRef, Fields: u.ask.Fields, ServiceItem: u.ask.ServiceItem,
		CaseNo: u.ask.CaseNo, Purpose: u.ask.Purpose, RequestID: u.ref,
		Right:    connectors.Right{Kind: string(u.resolved.Basis.Kind), Provision: u.resolved.Basis.Provision(), Digest: u.basisDigest()},
		Operator: connectors.Operator{Department: u.caller.Department, System: u.caller.System, Officer: u.ask.OfficerRef},
	})
	if errors.Is(err, connectors.ErrAnotherPerson) {
		return s.violated(ctx, u, anotherPerson, "")
	}
	if err != nil {
		return sourceFailure(err)
	}
	u.answer = answer
	return nil
}

// sourceFailure words what the caller may know of a source's failure.
func sourceFailure(err error) *gateway.Error {
	if held, is := errors.AsType[*connectors.Held](err); is {
		failure := gateway.Fail(gateway.Unavailable, "source-"+held.Why, heldBack[held.Why]).Because(err)
		failure.RetryAfter = held.After
		return failure
	}
	if reason, own := errors.AsType[*gateway.Error](err); own { // Kapok itself was the source
		return reason
	}
	for _, known := range sourceFailures {
		if errors.Is(err, known.is) {
			return gateway.Fail(known.kind, known.code, known.says).Because(err)
		}
	}
	return gateway.Fail(gateway.SourceFailed, "source-failed", "The source could not be asked.").Because(err)
}

var sourceFailures = []struct {
	is   error
	kind gateway.Kind
	code string
	says string
}{
	{connectors.ErrAbolished, gateway.Forbidden, "licence-abolished", "The licence was abolished; it can no longer be used."},
	{connectors.ErrTimeout, gateway.SourceTimeout, "source-timeout", "The source did not answer in time."},
	{context.DeadlineExceeded, gateway.SourceTimeout, "source-timeout", "The source did not answer in time."},
	{connectors.ErrUnavailable, gateway.SourceFailed, "source-unavailable", "The source is down or broke off."},
	{connectors.ErrRefused, gateway.SourceFailed, "source-refused", "The source refused the question."},
	{connectors.ErrGarbage, gateway.SourceFailed, "source-garbage", "The source's answer is not what its protocol says."},
}

// heldBack words why a question was not sent to its source.
var heldBack = map[string]string{
	connectors.Busy:        "The source is asked as much as it takes; come again.",
	connectors.Resting:     "The source failed again and again and is left alone for a while; come again.",
	connectors.Maintenance: "The source announced maintenance for now; Retry-After says when it ends.",
}
