package exchange

import (
	"context"
	"time"

	"kapok/gateway"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
)

// closeEvery is how often an intent is tried that the ledger could not close.
const closeEvery = time.Second

// closeLater closes an intent whose end could not be recorded in order: nothing of
// it has left, nor will. It corrects an outcome that perhaps was sealed. It goes on
// until the ledger takes it, or ends: then this node's successor closes it.
func (s *Service) closeLater(u *use, code string) {
	u.reserved = false // given back once the ledger says that nothing was released
	go s.recordUntilTaken(u, closing.NotReleased, code)
}

// handed notes that a release was handed over; where it perhaps was not, it says so.
func (s *Service) handed(u *use, failure error) {
	if failure == nil {
		s.ledger.Settled(u.ref)
		return
	}
	go s.recordUntilTaken(u, closing.ReleaseUnknown, closing.CallerGone)
}

func (s *Service) recordUntilTaken(u *use, result, code string) {
	for {
		err := s.recordClosing(u, result, code)
		if err == nil {
			s.ledger.Settled(u.ref)
			return
		}
		if ended[gateway.AsError(err).Code] {
			s.log.Warn("an intent is left for this node's successor to close", "trace", u.call.TraceID, "error", err)
			return
		}
		time.Sleep(closeEvery)
	}
}

// ended are the ledger's answers after which it takes nothing any more.
var ended = map[string]bool{
	"ledger-closed": true, "ledger-lease-lost": true, "ledger-behind-anchor": true,
	"ledger-append-malformed": true, "ledger-entry-malformed": true,
}

func (s *Service) recordClosing(u *use, result, code string) error {
	ctx, cancel := context.WithTimeout(context.Background(), recordTimeout)
	defer cancel()
	_, err := s.ledger.Append(ctx, ledger.Append{
		Subject: u.resolved.SubjectRef,
		Entry: func(ledger.Found) ledger.Entry {
			return closing.Entry(s.intentEntry(u, u.retryOf), result, code, s.node, s.now())
		},
	})
	return err
}
