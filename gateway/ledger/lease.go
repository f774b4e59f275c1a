package ledger

import (
	"context"
	"errors"
	"time"
)

// keepLease renews the lease while the log runs. A renewal that fails for another
// reason than a lost lease changes nothing: each batch shows the lease again under
// the origin's lock, and that decides.
func (l *Log) keepLease() {
	every := time.NewTicker(l.options.Lease / 3)
	defer every.Stop()
	for {
		select {
		case <-l.done:
			return
		case <-every.C:
			l.renew()
		}
	}
}

func (l *Log) renew() {
	ctx, cancel := context.WithTimeout(context.Background(), l.options.Lease/3)
	defer cancel()
	err := l.store.Renew(ctx, l.lease)
	switch {
	case errors.Is(err, ErrLeaseLost):
		l.fence()
	case err != nil:
		l.options.Log.Warn("could not renew the ledger's lease", "origin", l.lease.Origin, "error", err)
	}
}

// fence makes the log refuse everything from now on: another node writes to its
// origin. Only a new [Open] can take the lease again.
func (l *Log) fence() {
	if l.fenced.CompareAndSwap(false, true) {
		l.options.Log.Error("another node took the ledger's lease; this one writes no more", "origin", l.lease.Origin, "node", l.lease.Node)
	}
}
