package main

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"kapok/catalog"
	"kapok/gateway/editions"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// pollEditions is how often a node looks for a new edition, should a notice be lost.
const pollEditions = time.Second

// inForce are the editions that this node has taken over. The zero value has none.
type inForce struct {
	mu      sync.Mutex // one take-over at a time
	numbers map[string]int64
	live    exchange.Live
}

// kinds are what there are editions of: what a folder of this installation begins with,
// and how an edition's files are taken over.
var kinds = []struct {
	name  string
	begin func(c config) (content []byte, digest string, err error)
	take  func(live *exchange.Live, c config, files fs.FS) error
}{
	{editions.Catalogue, beginCatalogue, takeCatalogue},
	{editions.Policies, beginPolicies, takePolicies},
}

func beginCatalogue(c config) ([]byte, string, error) {
	directory, err := loadCatalog(c.Catalog)
	if err != nil {
		return nil, "", err
	}
	content, err := packCatalogue(directory)
	return content, directory.Digest(), err
}

// packCatalogue writes a catalogue as an edition keeps it.
func packCatalogue(directory *catalog.Catalog) ([]byte, error) {
	files, err := directory.Files()
	if err != nil {
		return nil, err
	}
	return editions.Pack(files)
}

func takeCatalogue(live *exchange.Live, c config, files fs.FS) (err error) {
	live.Catalog, err = catalog.Load(files, c.Catalog.Values)
	return err
}

func beginPolicies(c config) ([]byte, string, error) {
	set, err := loadPolicies(c.Policies)
	if err != nil {
		return nil, "", err
	}
	content, err := editions.PackFolder(folderOr(c.Policies, policies.Example()))
	return content, set.Digest(), err
}

func takePolicies(live *exchange.Live, _ config, files fs.FS) (err error) {
	live.Policies, err = policies.Load(files)
	return err
}

// firstLive publishes the installation's folders as first editions where none was
// published yet, and reads what is in force. The folders count for nothing afterwards.
func (n *node) firstLive(ctx context.Context) (exchange.Live, error) {
	for _, kind := range kinds {
		content, digest, err := kind.begin(n.config)
		if err != nil {
			return exchange.Live{}, err
		}
		if _, err := n.database.BeginEditions(ctx, editions.Edition{
			Kind: kind.name, Digest: digest, Content: content,
			ProposedBy: operator, ConfirmedBy: operator, Published: time.Now(),
		}); err != nil {
			return exchange.Live{}, err
		}
	}
	n.editions.mu.Lock()
	defer n.editions.mu.Unlock()
	live, numbers, err := n.readEditions(ctx)
	if err != nil {
		return exchange.Live{}, err
	}
	n.editions.live, n.editions.numbers = live, numbers
	n.federation.inForce.Store(live.Members)
	return live, nil
}

// readEditions reads the editions in force, those anew that this node does not have.
// The caller holds the lock.
func (n *node) readEditions(ctx context.Context) (exchange.Live, map[string]int64, error) {
	numbers, err := n.database.EditionsInForce(ctx)
	if err != nil {
		return exchange.Live{}, nil, err
	}
	live := n.editions.live
	live.Editions = nil
	for _, kind := range kinds {
		number := numbers[kind.name]
		live.Editions = append(live.Editions, ledger.Edition{Kind: kind.name, Number: number})
		if number == n.editions.numbers[kind.name] {
			continue
		}
		edition, err := n.database.Edition(ctx, kind.name, number)
		if err != nil {
			return exchange.Live{}, nil, err
		}
		files, err := editions.Unpack(edition.Content)
		if err != nil {
			return exchange.Live{}, nil, err
		}
		if err := kind.take(&live, n.config, files); err != nil {
			return exchange.Live{}, nil, fmt.Errorf("edition %d of the %s: %w", number, kind.name, err)
		}
		n.log.Info("edition in force", "kind", kind.name, "number", number, "digest", edition.Digest, "from", "database")
	}
	if numbers[editions.Catalogue] != n.editions.numbers[editions.Catalogue] {
		if live.Members, err = n.federation.membersOf(live.Catalog); err != nil {
			return exchange.Live{}, nil, err
		}
		live.Sources, err = n.workshop.open(live.Catalog)
	}
	return live, numbers, err
}

// refresh takes over the editions in force. What cannot be taken over leaves the node as
// it was: it then records nothing under the old editions, and so releases nothing.
func (n *node) refresh(ctx context.Context) error {
	n.editions.mu.Lock()
	defer n.editions.mu.Unlock()
	numbers, err := n.database.EditionsInForce(ctx)
	if err != nil || !n.editions.behind(numbers) {
		return err
	}
	live, numbers, err := n.readEditions(ctx)
	if err != nil {
		return err
	}
	if err := n.exchange.Adopt(live); err != nil {
		return err
	}
	n.editions.live, n.editions.numbers = live, numbers
	n.federation.inForce.Store(live.Members)
	return nil
}

func (e *inForce) behind(numbers map[string]int64) bool {
	for _, kind := range kinds {
		if numbers[kind.name] != e.numbers[kind.name] {
			return true
		}
	}
	return false
}

// watchEditions takes over each new edition soon after it was published, until ctx
// ends; the channel is closed then. A use that comes before it takes it over itself.
func (n *node) watchEditions(ctx context.Context) <-chan struct{} {
	woken := make(chan struct{}, 1)
	go n.listenEditions(ctx, woken)
	return every(ctx, pollEditions, woken, func() {
		if err := n.refresh(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("an edition in force could not be taken over; this node serves nothing until it can", "error", err)
		}
	})
}

func (n *node) listenEditions(ctx context.Context, woken chan<- struct{}) {
	for ctx.Err() == nil {
		err := n.database.ListenEditions(ctx, func() {
			select {
			case woken <- struct{}{}:
			default: // one is waiting already
			}
		})
		if ctx.Err() == nil {
			n.log.Warn("listening for editions broke off; polling goes on", "error", err)
			time.Sleep(pollEditions)
		}
	}
}
