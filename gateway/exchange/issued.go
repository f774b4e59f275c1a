package exchange

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/policies"
)

// Grants knows the grants that the workflow issued, beside the catalogue's, and counts
// the uses of a day over all nodes. ReserveUses never hands out more than quota on one
// day, whichever nodes ask.
type Grants interface {
	InForce(ctx context.Context, system, item string) ([]*policies.Grant, error)
	ReserveUses(ctx context.Context, grant string, day time.Time, quota, chunk int) (got int, err error)
	ReturnUses(ctx context.Context, grant string, day time.Time, unused int) error
}

// issued is this node's index of those grants. That it may be behind does no harm: a
// request that it cannot serve asks the store once, and a grant that was ended is
// stopped by its marker.
type issued struct {
	store Grants
	index atomic.Pointer[map[grantKey][]*policies.Grant]
	learn sync.Mutex
}

func newIssued(store Grants) *issued {
	i := &issued{store: store}
	i.index.Store(&map[grantKey][]*policies.Grant{})
	return i
}

// AdoptGrants replaces the index by all the grants that the workflow issued and that
// are in force.
func (s *Service) AdoptGrants(all []*policies.Grant) {
	fresh := map[grantKey][]*policies.Grant{}
	for _, g := range all {
		key := grantKey{g.System, g.Item}
		fresh[key] = append(fresh[key], g)
	}
	s.issued.learn.Lock()
	defer s.issued.learn.Unlock()
	s.issued.index.Store(&fresh)
}

// grantFor picks the grant that serves a request, or the one that comes nearest. An
// approval on another node is found on the next call.
func (s *Service) grantFor(ctx context.Context, u *use, input policies.Input) (*policies.Grant, error) {
	key := grantKey{u.caller.System, u.item.Code}
	fixed := u.live.known.grants[key]
	best := policies.Fittest(input, fixed)
	if policies.Serves(input, best) {
		return best, nil
	}
	best = policies.Fittest(input, with(best, (*s.issued.index.Load())[key]))
	if policies.Serves(input, best) {
		return best, nil
	}
	found, err := s.issued.store.InForce(ctx, key.system, key.item)
	if err != nil {
		return nil, gateway.Fail(gateway.Unavailable, "store-unavailable", "The grants could not be looked up; try again.").Because(err)
	}
	if len(found) == 0 {
		return best, nil
	}
	s.issued.put(key, found)
	return policies.Fittest(input, with(best, found)), nil
}

// forget makes the next use of a key ask the store: what the index held was stopped, and
// another grant may have taken its place.
func (i *issued) forget(key grantKey) {
	i.learn.Lock()
	defer i.learn.Unlock()
	fresh := maps.Clone(*i.index.Load())
	delete(fresh, key)
	i.index.Store(&fresh)
}

// replaced reports that all that is in the way is the grant, which may have been ended by
// one that took its place: a renewal leaves no moment without a grant, on any node.
func (u *use) replaced(found ledger.Found) bool {
	return !u.relearnt && len(found.Taken) == 0 && len(found.Stopped) == 1 && found.Stopped[0].Kind == "grant"
}

// learnAgain makes the use ask the store for its grants, once; what is found then is
// decided like the first one, and where it is stopped too, the use is refused.
func (s *Service) learnAgain(u *use, found ledger.Found) {
	if outdated(found) || !u.replaced(found) {
		return
	}
	u.relearnt = true
	s.issued.forget(grantKey{u.caller.System, u.item.Code})
}

// with puts the best so far before others: of equals, the first is taken.
func with(best *policies.Grant, others []*policies.Grant) []*policies.Grant {
	if best == nil {
		return others
	}
	return append([]*policies.Grant{best}, others...)
}

func (i *issued) put(key grantKey, found []*policies.Grant) {
	i.learn.Lock()
	defer i.learn.Unlock()
	fresh := maps.Clone(*i.index.Load())
	fresh[key] = found
	i.index.Store(&fresh)
}
