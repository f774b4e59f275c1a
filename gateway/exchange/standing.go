package exchange

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Order is a signed call by which a system asks for uses that Kapok makes later by
// itself: those of a batch, those of a subscription. It proves who ordered; whether a
// use may be made is decided anew each time.
type Order struct {
	ID      string // 32 hex digits, that of its entry in the ledger
	Caller  Caller // as it was admitted
	URI     string // as it was signed
	Remote  netip.Addr
	TraceID string
}

// Due is one use of an order whose time has come.
type Due struct {
	Order Order
	Key   string // which of the order's uses; made again under the same key, it is a retry
	Ask   Ask
}

// Made is a use that was made for an order. Its release is not signed yet: whoever sends
// it on signs all of what is sent. Stops are what it rests on, to be asked about again
// where it is kept for a while.
type Made struct {
	Release
	Ref     string
	Subject string // subject_ref
	Stops   []ledger.Stop
}

// Make walks the path for one use of an order: basis, grant, limits and policies as they
// are now. As with [Service.Exchange], either way the ledger holds what happened before
// it returns.
func (s *Service) Make(ctx context.Context, d Due) (Made, error) {
	u := &use{ref: gateway.NewRef(), order: &d.Order, orderKey: d.Key, live: s.live.Load(), started: s.now()}
	if err := s.admitDue(ctx, u, d); err != nil {
		return Made{Ref: u.ref}, s.refuse(ctx, u, err)
	}
	release, err := s.follow(ctx, u, s.handOver)
	if err != nil {
		return Made{Ref: u.ref}, err
	}
	return Made{Release: release, Ref: u.ref, Subject: u.resolved.SubjectRef, Stops: s.stops(u)}, nil
}

// admitDue takes the caller as the order proved it; a key that has ended since ends the
// order's uses as well. Each use has a nonce of its own.
func (s *Service) admitDue(ctx context.Context, u *use, d Due) error {
	body, err := encode(d.Ask)
	if err != nil {
		return err
	}
	u.call = Call{
		Method: http.MethodPost, TargetURI: d.Order.URI, Header: http.Header{}, Body: body,
		TraceID: d.Order.TraceID, Remote: d.Order.Remote,
	}
	u.caller = d.Order.Caller
	u.caller.Nonce, u.caller.Created = d.Order.ID+"."+u.ref, u.started
	u.caller.Department = u.live.departmentOf(u.caller.System)
	if u.ask, u.subject, err = parseAsk(body); err != nil {
		return err
	}
	_, err = s.systemKey(ctx, u.caller.KeyID)
	return err
}

// orderLifetime is how long a use is known to have been made before.
const orderLifetime = 7 * 24 * time.Hour

// orderClaim tells a use that is made again from one that is made first.
func (u *use) orderClaim() ledger.Claim {
	return ledger.Claim{
		Space: "order", Owner: u.caller.System, Key: u.order.ID + "/" + u.orderKey, Ref: u.ref,
		Digest: sm.Sum(u.call.Body), Expires: u.started.Add(orderLifetime),
	}
}

func (u *use) orderID() string {
	if u.order == nil {
		return ""
	}
	return u.order.ID
}

// handOver makes the body of a release that others sign.
func (s *Service) handOver(_ context.Context, u *use) (Release, error) {
	body, err := u.body(s.mark(u))
	if err != nil {
		s.closeLater(u, "internal")
		return Release{}, err
	}
	return Release{Status: http.StatusOK, Body: body, System: u.caller.System, handed: func(err error) { s.handed(u, err) }}, nil
}
