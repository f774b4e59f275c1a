package subscriptions

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/exchange"
)

const (
	leaseFor   = time.Minute
	longestGap = time.Hour // between two attempts
	spreadGap  = 500 * time.Millisecond
)

// Deliver delivers the next push of a case, where its time has come. It reports how long
// until the case is worth another look; 0 when nothing waits.
func (s *Service) Deliver(ctx context.Context, id string, position int) (again time.Duration, err error) {
	push, err := s.Store.TakePush(ctx, id, position, s.Now(), s.Now().Add(leaseFor))
	if err != nil || push == nil {
		return 0, err
	}
	made, failure := s.attempt(ctx, push)
	s.judge(push, failure)
	err = s.Store.Settle(context.WithoutCancel(ctx), *push, s.Now())
	if made != nil {
		made.Handed(failure)
	}
	if push.State == Waiting {
		return time.Until(push.Due), err
	}
	return time.Millisecond, err
}

// notice is the body of a push: an exchange as POST /v1/exchanges answers it, or why
// there is none.
type notice struct {
	SubscriptionID string          `json:"subscription_id"`
	CaseNo         string          `json:"case_no"`
	Position       int             `json:"position"`
	Sequence       int64           `json:"sequence"`
	Exchange       json.RawMessage `json:"exchange,omitempty"`
	Problem        string          `json:"problem,omitempty"` // one of endings
}

// endings are refusals that are what the change came to: they are told, and nothing else.
var endings = []string{"record-missing", "licence-abolished", "licence-expired"}

// attempt makes the use and sends it. What comes back is to be told what became of it.
func (s *Service) attempt(ctx context.Context, push *Push) (*exchange.Made, error) {
	var order placed
	var one about
	if err := s.open(ctx, push, &order, &one); err != nil {
		return nil, err
	}
	if !registered(s.Path.Catalog(), push.Subscription.System, order.Terms.Address) {
		return nil, gateway.Fail(gateway.Forbidden, "webhook-not-registered", "The address stands in the catalogue no more.")
	}
	made, err := s.Path.Make(ctx, exchange.Due{
		Order: order.Command, Key: strconv.Itoa(push.Position) + "/" + strconv.FormatInt(push.Seq, 10), Ask: order.Terms.ask(one),
	})
	push.Ref = made.Ref
	told := notice{SubscriptionID: push.Subscription.ID, CaseNo: one.CaseNo, Position: push.Position, Sequence: push.Seq}
	switch {
	case err == nil:
		told.Exchange = made.Body
	case slices.Contains(endings, gateway.AsError(err).Code):
		told.Problem = gateway.AsError(err).Code
	default:
		return nil, err
	}
	body, encodeErr := json.Marshal(told)
	if encodeErr != nil {
		return nil, encodeErr
	}
	sent := s.Sender.Send(ctx, order.Terms.Address, body)
	if err != nil { // nothing was released
		return nil, sent
	}
	return &made, sent
}

func (s *Service) open(ctx context.Context, push *Push, order *placed, one *about) error {
	wrapped, err := s.Store.SubscriptionKey(ctx, push.Subscription.ID)
	if err != nil {
		return err
	}
	if wrapped == nil {
		return keys.ErrDestroyed
	}
	key, err := s.Persons.Open(ctx, OrderKey, KeyOwner(push.Subscription.ID), wrapped)
	if err != nil {
		return err
	}
	defer key.Forget()
	if err := key.OpenJSON(push.Subscription.Order, place(push.Subscription.ID, "order", 0), order); err != nil {
		return err
	}
	return key.OpenJSON(push.Case, place(push.Subscription.ID, "case", push.Position), one)
}

// judge says what becomes of a push: delivered, tried again, dead, or refused by the path.
// A refusal ends nothing but this push: a basis that is paused may be resumed before the
// next change.
func (s *Service) judge(push *Push, failure error) {
	if failure == nil {
		push.State, push.Code = Delivered, ""
		return
	}
	told := gateway.AsError(failure)
	push.Code = told.Code
	switch {
	case told.Kind == gateway.Forbidden || told.Kind == gateway.Excess || told.Kind == gateway.Invalid || errors.Is(failure, keys.ErrDestroyed):
		push.State = Refused
	case push.Attempts >= s.Attempts:
		push.State = Dead
	default:
		gap := min(s.Pause<<min(push.Attempts-1, 20), longestGap)
		push.State, push.Due = Waiting, s.Now().Add(max(gap, told.RetryAfter))
	}
}

// Run makes the pushes of each change, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for ctx.Err() == nil {
		found, err := s.Store.Spread(ctx, s.Now())
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "a change could not be made into pushes; tried again soon", "error", err)
		}
		if found && err == nil {
			continue
		}
		timer := time.NewTimer(spreadGap)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
