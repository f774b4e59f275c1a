package batch

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// Path is the one path, as batches walk it.
type Path interface {
	Command(ctx context.Context, call exchange.Call, door string, act func(context.Context, exchange.Command) (exchange.Done, error)) (exchange.Release, error)
	Make(ctx context.Context, d exchange.Due) (exchange.Made, error)
}

// Log records.
type Log interface {
	Append(ctx context.Context, a ledger.Append) (ledger.Sealed, error)
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// DefaultKeep is how long the results of a batch stand where nothing else is set.
const DefaultKeep = 24 * time.Hour

// DefaultLease is longer than a chunk of people takes whose source is slow.
const DefaultLease = time.Minute

// Config holds what a [Service] is built from; every part is required.
type Config struct {
	Node    string
	Path    Path
	Store   Store
	Persons *keys.Persons
	Ledger  Log
	Keep    time.Duration // from the order on
	Lease   time.Duration // how long a batch waits for a node that is gone
	Now     func() time.Time
	Log     *slog.Logger
}

// Service takes batches in and hands their results out. Its work is done by [Service.Run].
type Service struct{ Config }

// New makes a service.
func New(c Config) *Service { return &Service{c} }

const door = "batches"

// Query orders one item of many people: POST /v1/batches.
func (s *Service) Query(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return s.order(ctx, call, Query, parseQuery)
}

// Eligibility asks who of many meets all conditions: POST /v1/eligibility.
func (s *Service) Eligibility(ctx context.Context, call exchange.Call) (exchange.Release, error) {
	return s.order(ctx, call, Eligibility, parseEligibility)
}

func (s *Service) order(ctx context.Context, call exchange.Call, kind Kind, parse func([]byte) (order, []person, error)) (exchange.Release, error) {
	return s.Path.Command(ctx, call, door, func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		o, people, err := parse(c.Body)
		if err != nil {
			return exchange.Done{}, err
		}
		b, err := s.place(ctx, c, kind, o, people)
		return exchange.Done{Answer: shownOf(b)}, err
	})
}

// place seals an order with its people and keeps both.
func (s *Service) place(ctx context.Context, c exchange.Command, kind Kind, o order, people []person) (Batch, error) {
	b := Batch{
		ID: c.ID, Kind: kind, System: c.Caller.System, Department: c.Caller.Department, State: Running,
		Placed: c.At, Expires: c.At.Add(s.Keep), Counts: Counts{Subjects: len(people), Waiting: len(people)},
	}
	wrapped, key, err := s.Persons.Create(OrderKey, KeyOwner(b.ID))
	if err != nil {
		return b, err
	}
	defer key.Forget()
	if b.Order, err = key.SealJSON(placed{o, c.Order}, place(b.ID, "order", 0)); err != nil {
		return b, err
	}
	asked := make([][]byte, len(people))
	for i, p := range people {
		if asked[i], err = key.SealJSON(p, place(b.ID, "asked", i)); err != nil {
			return b, err
		}
	}
	pending, err := s.Store.Place(ctx, b, asked, wrapped, entryOf("batch-placed", b, s.Now()))
	if err != nil {
		return b, err
	}
	_, err = s.Ledger.Drain(ctx, pending)
	return b, err
}

// entryOf is what the ledger keeps of a batch as a whole; nobody is named there.
func entryOf(kind ledger.Kind, b Batch, at time.Time, more ...ledger.Field) ledger.Entry {
	return ledger.Entry{Kind: kind, Ref: b.ID, At: at, Fields: append([]ledger.Field{
		{Name: "system", Value: b.System},
		{Name: "department", Value: b.Department},
		{Name: "batch", Value: string(b.Kind)},
		{Name: "subjects", Value: strconv.Itoa(b.Counts.Subjects)},
		{Name: "expires", Value: b.Expires.UTC().Format(time.RFC3339)},
	}, more...)}
}

// shown is a batch as its department sees it.
type shown struct {
	BatchID string    `json:"batch_id"`
	Kind    Kind      `json:"kind"`
	State   State     `json:"state"`
	Placed  time.Time `json:"placed"`
	Expires time.Time `json:"expires"`
	Counts  Counts    `json:"counts"`
}

func shownOf(b Batch) shown {
	return shown{b.ID, b.Kind, b.State, b.Placed.UTC(), b.Expires.UTC(), b.Counts}
}

// State says how far a batch came: GET /v1/batches/{id}.
func (s *Service) State(ctx context.Context, call exchange.Call, id string) (exchange.Release, error) {
	return s.Path.Command(ctx, call, door, func(ctx context.Context, c exchange.Command) (exchange.Done, error) {
		b, err := s.own(ctx, c, id)
		return exchange.Done{Answer: shownOf(b)}, err
	})
}

// own finds a batch of the caller's; another's is as if there were none.
func (s *Service) own(ctx context.Context, c exchange.Command, id string) (Batch, error) {
	b, err := s.Store.Batch(ctx, id)
	if err == nil && b.System != c.Caller.System {
		err = Unknown()
	}
	return b, err
}

// Unknown is what the store says where there is no such batch.
func Unknown() error {
	return gateway.Fail(gateway.NotFound, "batch-unknown", "This system has ordered no such batch.")
}

// Sweep forgets what nobody fetched in time.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		pending, found, err := s.Store.Expire(ctx, s.Now(), func(b Batch) ledger.Entry {
			left := b.Counts.Released + b.Counts.Refused - b.Counts.Fetched
			return entryOf("batch-expired", b, s.Now(), ledger.Field{Name: "unfetched", Value: strconv.Itoa(left)})
		})
		if err != nil || !found {
			return err
		}
		if _, err := s.Ledger.Drain(ctx, pending); err != nil {
			return err
		}
	}
}

// destroyed words that a batch's key is gone.
func destroyed(err error) error {
	if errors.Is(err, keys.ErrDestroyed) {
		return gateway.Fail(gateway.NotFound, "batch-ended", "The batch's results were fetched, or their time was up; they are gone.")
	}
	return err
}
