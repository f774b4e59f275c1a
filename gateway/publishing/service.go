package publishing

import (
	"context"
	"time"

	"kapok/catalog"
	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
	"kapok/gateway/replay"
	"kapok/policies"
)

// Person is who proposes or decides.
type Person struct {
	gateway.Account
	Department string
	Roles      []string
}

// Store keeps editions, proposals and replays; each change is one transaction with its
// entry for the ledger, and what it publishes is in force on every node when it returns.
type Store interface {
	EditionsInForce(ctx context.Context) (map[string]int64, error)
	Edition(ctx context.Context, kind string, number int64) (editions.Edition, error)
	Editions(ctx context.Context, kind string) ([]editions.Edition, error)
	Proposal(ctx context.Context, id string) (editions.Proposal, error)
	Proposals(ctx context.Context, kind string, open bool, limit int) ([]editions.Proposal, error)
	ProposeEdition(ctx context.Context, p editions.Proposal) (id, pending string, err error)
	ConfirmEdition(ctx context.Context, d editions.Decision, fits editions.Fits) (e editions.Edition, pending string, err error)
	CloseProposal(ctx context.Context, d editions.Decision) (pending string, err error)
}

// Replays keeps replays; BeginReplay enqueues the job that calls [Service.RunReplay].
type Replays interface {
	BeginReplay(ctx context.Context, r Replay) error
	EndReplay(ctx context.Context, id string, state ReplayState, report, digest string, at time.Time) error
	Replay(ctx context.Context, id string) (Replay, error)
}

// Ledger seals what stands in the store.
type Ledger interface {
	Drain(ctx context.Context, pending string) (ledger.Sealed, error)
}

// Config holds what the service is built from.
type Config struct {
	Store   Store
	Replays Replays
	Notes   replay.Store
	Log     Ledger
	Values  map[string]string                          // what the catalogue's placeholders stand for
	Open    func(*catalog.Catalog) error               // whether every item's source can be opened by its settings
	Follows func(before, after *catalog.Catalog) error // whether its list of members may take the place of the other's
	Refresh func(ctx context.Context) error
	Now     func() time.Time
}

// Service proposes and decides.
type Service struct{ Config }

// New makes the service.
func New(config Config) *Service { return &Service{config} }

func (s *Service) seal(ctx context.Context, pending string) error {
	if pending == "" {
		return nil
	}
	_, err := s.Log.Drain(ctx, pending)
	return err
}

// live reads what is in force, by kind, with the numbers.
func (s *Service) live(ctx context.Context) (live exchange.Live, numbers map[string]int64, err error) {
	if numbers, err = s.Store.EditionsInForce(ctx); err != nil {
		return live, nil, err
	}
	for _, kind := range []string{editions.Catalogue, editions.Policies} {
		edition, err := s.Store.Edition(ctx, kind, numbers[kind])
		if err != nil {
			return live, nil, err
		}
		if err := s.take(&live, kind, edition.Content); err != nil {
			return live, nil, err
		}
	}
	return live, numbers, nil
}

// take reads an edition's content into its part of what is in force.
func (s *Service) take(live *exchange.Live, kind string, content []byte) error {
	files, err := editions.Unpack(content)
	if err != nil {
		return err
	}
	if kind == editions.Policies {
		live.Policies, err = policies.Load(files)
		return err
	}
	live.Catalog, err = catalog.Load(files, s.Values)
	return err
}

// fits judges a proposal within the transaction that publishes it.
func (s *Service) fits(p editions.Proposal, inForce map[string]editions.InForce) error {
	var live exchange.Live
	for kind, edition := range inForce {
		if kind == p.Kind {
			continue
		}
		if err := s.take(&live, kind, edition.Content); err != nil {
			return err
		}
	}
	if err := s.take(&live, p.Kind, p.Content); err != nil {
		return err
	}
	if err := s.sound(live); err != nil || p.Kind != editions.Catalogue {
		return err
	}
	var before exchange.Live
	if err := s.take(&before, p.Kind, inForce[p.Kind].Content); err != nil {
		return err
	}
	return s.follows(before.Catalog, live.Catalog)
}

// follows refuses a catalogue whose list of the federation's members is older than the one
// in force: who left would be back.
func (s *Service) follows(before, after *catalog.Catalog) error {
	if err := s.Follows(before, after); err != nil {
		return gateway.Fail(gateway.Conflict, "peer-list-older", "The list of the federation's members is older than the one in force, or another of the same version.").Because(err)
	}
	return nil
}

// sound refuses a catalogue and policies that do not go together, and sources that
// cannot be opened: no node could take them over.
func (s *Service) sound(live exchange.Live) error {
	if err := live.Check(); err != nil {
		return gateway.Fail(gateway.Conflict, "edition-unfit", "The policies name something that the catalogue does not hold.").Because(err)
	}
	if err := s.Open(live.Catalog); err != nil {
		return gateway.Fail(gateway.Conflict, "edition-unfit", "The settings of a source or an item are not what its protocol needs.").Because(err)
	}
	return nil
}
