package exchange

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

const (
	// Calls that never proved who they are may be anybody's flood. Each is recorded up
	// to this rate; past it they are counted, and the next record carries the count.
	unadmittedPerSecond = 50
	unadmittedBurst     = 200

	// recordTimeout bounds a record that must be made although the caller has gone.
	recordTimeout = 10 * time.Second
)

type uncounted struct{ calls atomic.Int64 }

// refuse records why a call got nothing, and returns that reason. When the record
// cannot be made the caller hears of that instead: a refusal nobody can find later
// is not given as if it stood in the ledger.
func (s *Service) refuse(ctx context.Context, u *use, cause error) error {
	if u.caller.System == "" {
		s.recordUnadmitted(ctx, u.call.TraceID, "exchange", cause)
		return cause
	}
	failure := gateway.AsError(cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	reason := func(found ledger.Found) *gateway.Error {
		if len(found.Taken) > 0 {
			return nonceReplayed()
		}
		return failure
	}
	message, err := s.sealRequest(ctx, u)
	if err != nil {
		return err
	}
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Claims:     []ledger.Claim{u.nonceClaim()},
		Editions:   u.editions,
		Subject:    u.resolved.SubjectRef,
		Attachment: message.attachment,
		Aside:      s.note(ctx, u),
		Entry: func(found ledger.Found) ledger.Entry {
			if outdated(found) {
				return ledger.Decline()
			}
			return message.committed(s.refusalEntry(u, reason(found)))
		},
	})
	if err != nil {
		return err
	}
	return reason(sealed.Found)
}

// RecordRefusal records a call that was refused at the door, before the path: a body
// too large, a path that climbs.
func (s *Service) RecordRefusal(ctx context.Context, call Call, cause error) {
	s.recordUnadmitted(ctx, call.TraceID, "door", cause)
}

// recordUnadmitted records the refusal of a call whose caller is unknown.
func (s *Service) recordUnadmitted(ctx context.Context, trace, door string, cause error) {
	if !s.unadmitted.Allow() {
		s.unrecorded.calls.Add(1)
		return
	}
	unrecorded := s.unrecorded.calls.Swap(0)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	_, err := s.ledger.Append(ctx, ledger.Append{Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: refusalKind, Ref: gateway.NewRef(), At: s.now(), Fields: []ledger.Field{
			{Name: "door", Value: door},
			{Name: "code", Value: gateway.AsError(cause).Code},
			{Name: "trace", Value: trace},
			{Name: "unrecorded", Value: strconv.FormatInt(unrecorded, 10)},
		}}
	}})
	if err != nil {
		s.unrecorded.calls.Add(unrecorded + 1)
		s.log.ErrorContext(ctx, "a refusal could not be recorded", "trace", trace, "error", err)
	}
}

// recordFailure records that an intent ended without a release.
func (s *Service) recordFailure(ctx context.Context, u *use, cause error) error {
	failure := gateway.AsError(cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	_, err := s.ledger.Append(ctx, ledger.Append{
		Subject: u.resolved.SubjectRef,
		Entry:   func(ledger.Found) ledger.Entry { return s.failureEntry(u, failure) },
	})
	if err != nil {
		s.closeLater(u, failure.Code)
		return err
	}
	s.ledger.Settled(u.ref)
	return failure
}

func nonceReplayed() *gateway.Error {
	return gateway.Fail(gateway.Conflict, "nonce-replayed", "This nonce was used before; sign the request anew.")
}
