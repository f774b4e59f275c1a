package subscriptions

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"kapok/catalog"
	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Path is the one path, as subscriptions walk it.
type Path interface {
	Command(ctx context.Context, call exchange.Call, door string, act func(context.Context, exchange.Command) (exchange.Done, error)) (exchange.Release, error)
	Make(ctx context.Context, d exchange.Due) (exchange.Made, error)
	Catalog() *catalog.Catalog
}

// People knows people by a random reference.
type People interface {
	SubjectRef(ctx context.Context, identity gateway.Identity) (string, error)
}

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Path     Path
	Store    Store
	People   People
	Persons  *keys.Persons
	Drain    func(ctx context.Context, pending string) (ledger.Sealed, error)
	Sender   *Sender
	Attempts int           // after which a push is a dead letter
	Pause    time.Duration // before the second attempt; doubled each time, up to an hour
	Now      func() time.Time
	Log      *slog.Logger
}

// Service takes subscriptions in; [Service.Deliver] is the work of its jobs.
type Service struct{ Config }

// New makes a service.
func New(c Config) *Service { return &Service{c} }

// OrderKey is the use of the key that a subscription is sealed with.
const OrderKey keys.Use = "subscription"

// KeyOwner names a subscription's key where persons' keys are kept.
func KeyOwner(id string) string { return "subscription:" + id }

const (
	door       = "subscriptions"
	sealDomain = "kapok/subscription/v1\x00"
	shownDead  = 200
)

func place(id, what string, position int) []byte {
	return []byte(sealDomain + id + "\x00" + what + "\x00" + strconv.Itoa(position))
}

// placed is what is kept of a subscription besides its cases.
type placed struct {
	Terms   terms          `json:"terms"`
	Command exchange.Order `json:"command"`
}

// Subscribe takes a subscription in: POST /v1/subscriptions.
func (s *Service) Subscribe(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return s.Path.Command(ctx, call, door, func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		w, err := parse(c.Body, s.Path.Catalog(), c.Caller.System)
		if err != nil {
			return exchange.Done{}, err
		}
		made := Subscription{
			ID: c.ID, System: c.Caller.System, Department: c.Caller.Department, Item: w.Item, Placed: c.At, Counts: Counts{Cases: len(w.Cases)},
		}
		wrapped, key, err := s.Persons.Create(OrderKey, KeyOwner(made.ID))
		if err != nil {
			return exchange.Done{}, err
		}
		defer key.Forget()
		if made.Order, err = key.SealJSON(placed{w.terms, c.Order}, place(made.ID, "order", 0)); err != nil {
			return exchange.Done{}, err
		}
		cases, err := s.sealCases(ctx, key, made.ID, w.Cases)
		if err != nil {
			return exchange.Done{}, err
		}
		pending, err := s.Store.Subscribe(ctx, made, cases, wrapped, entryOf("subscription-placed", made, s.Now()))
		return s.sealed(ctx, pending, err, shownOf(made))
	})
}

func (s *Service) sealCases(ctx context.Context, key *keys.PersonKey, id string, all []about) ([]Case, error) {
	cases := make([]Case, len(all))
	for i, a := range all {
		identity, err := gateway.ParseIdentity(a.IDType, a.IDNumber)
		if err != nil {
			return nil, err
		}
		if cases[i].SubjectRef, err = s.People.SubjectRef(ctx, identity); err != nil {
			return nil, err
		}
		if cases[i].Sealed, err = key.SealJSON(a, place(id, "case", i)); err != nil {
			return nil, err
		}
	}
	return cases, nil
}

// sealed waits until the entry stands.
func (s *Service) sealed(ctx context.Context, pending string, err error, answer any) (exchange.Done, error) {
	if err == nil && pending != "" {
		_, err = s.Drain(ctx, pending)
	}
	return exchange.Done{Answer: answer}, err
}

func entryOf(kind ledger.Kind, sub Subscription, at time.Time, more ...ledger.Field) ledger.Entry {
	return ledger.Entry{Kind: kind, Ref: sub.ID, At: at, Fields: append([]ledger.Field{
		{Name: "system", Value: sub.System},
		{Name: "department", Value: sub.Department},
		{Name: "item", Value: sub.Item},
		{Name: "cases", Value: strconv.Itoa(sub.Counts.Cases)},
	}, more...)}
}

// shown is a subscription as its system sees it.
type shown struct {
	SubscriptionID string    `json:"subscription_id"`
	Item           string    `json:"item"`
	State          string    `json:"state"`
	Placed         time.Time `json:"placed"`
	Counts         Counts    `json:"counts"`
	Dead           []Letter  `json:"dead_letters"` // the latest first, at most 200
}

func shownOf(sub Subscription) shown {
	state := "active"
	if sub.Ended {
		state = "ended"
	}
	return shown{SubscriptionID: sub.ID, Item: sub.Item, State: state, Placed: sub.Placed.UTC(), Counts: sub.Counts, Dead: []Letter{}}
}

// State shows a subscription with its dead letters: GET /v1/subscriptions/{id}.
func (s *Service) State(ctx context.Context, call exchange.Call, id string) (exchange.Release, error) {
	return s.onOwn(ctx, call, id, func(ctx context.Context, sub Subscription) (exchange.Done, error) {
		told := shownOf(sub)
		dead, err := s.Store.DeadLetters(ctx, id, shownDead)
		if len(dead) > 0 {
			told.Dead = dead
		}
		return exchange.Done{Answer: told}, err
	})
}

// End ends a subscription; nothing of it is delivered any more: DELETE /v1/subscriptions/{id}.
func (s *Service) End(ctx context.Context, call exchange.Call, id string) (exchange.Release, error) {
	return s.onOwn(ctx, call, id, func(ctx context.Context, sub Subscription) (exchange.Done, error) {
		pending, err := s.Store.End(ctx, id, entryOf("subscription-ended", sub, s.Now()))
		sub.Ended = true
		return s.sealed(ctx, pending, err, shownOf(sub))
	})
}

// Redeliver sends the dead letters again: POST /v1/subscriptions/{id}/redelivery.
func (s *Service) Redeliver(ctx context.Context, call exchange.Call, id string) (exchange.Release, error) {
	return s.onOwn(ctx, call, id, func(ctx context.Context, sub Subscription) (exchange.Done, error) {
		pending, err := s.Store.Redeliver(ctx, id, entryOf("subscription-redelivered", sub, s.Now(), ledger.Field{Name: "pushes", Value: strconv.Itoa(sub.Counts.Dead)}))
		return s.sealed(ctx, pending, err, shownOf(sub))
	})
}

func (s *Service) onOwn(ctx context.Context, call exchange.Call, id string, act func(context.Context, Subscription) (exchange.Done, error)) (exchange.Release, error) {
	return s.Path.Command(ctx, call, door, func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		sub, err := s.Store.Subscription(ctx, id)
		if err == nil && sub.System != c.Caller.System {
			err = Unknown()
		}
		if err != nil {
			return exchange.Done{}, err
		}
		return act(ctx, sub)
	})
}

// Unknown is what the store says where there is no such subscription.
func Unknown() error {
	return gateway.Fail(gateway.NotFound, "subscription-unknown", "This system has placed no such subscription.")
}

// Announce takes in that an item changed for people: POST /v1/changes, by its provider.
func (s *Service) Announce(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return s.Path.Command(ctx, call, "changes", func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		var told struct {
			Item     string                  `json:"item"`
			Subjects []exchange.AskedSubject `json:"subjects"`
		}
		if err := gateway.DecodeStrictly(c.Body, &told); err != nil {
			return exchange.Done{}, err
		}
		item, known := s.Path.Catalog().Item(told.Item)
		if !known || item.Provider != c.Caller.Department {
			return exchange.Done{}, gateway.InvalidField("/item", "item is one that the caller's department provides")
		}
		if len(told.Subjects) == 0 || len(told.Subjects) > maxCases {
			return exchange.Done{}, gateway.InvalidField("/subjects", "subjects is required: 1 to 500")
		}
		refs := make([]string, len(told.Subjects))
		for i, one := range told.Subjects {
			identity, err := gateway.ParseIdentity(one.IDType, one.IDNumber)
			if err != nil {
				return exchange.Done{}, gateway.InvalidField(fmt.Sprintf("/subjects/%d", i), err.Error())
			}
			if refs[i], err = s.People.SubjectRef(ctx, identity); err != nil {
				return exchange.Done{}, err
			}
		}
		pending, err := s.Store.Announce(ctx, told.Item, refs, ledger.Entry{Kind: "change-announced", Ref: c.ID, At: s.Now(), Fields: []ledger.Field{
			{Name: "system", Value: c.Caller.System}, {Name: "department", Value: c.Caller.Department},
			{Name: "item", Value: told.Item}, {Name: "subjects", Value: strconv.Itoa(len(refs))},
		}})
		return s.sealed(ctx, pending, err, map[string]string{"change_id": c.ID})
	})
}
