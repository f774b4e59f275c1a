package exchange

import (
	"context"
	"encoding/json"
	"regexp"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Record is where earlier exchanges are proved from. Outcomes says where the outcomes of
// a reference stand, in the order of their sealing; of an unknown one there are none.
type Record interface {
	ledger.Archive
	Outcomes(ctx context.Context, ref string) ([]Place, error)
}

// Place is where an entry stands.
type Place struct {
	Origin string
	Index  uint64
}

// receiptDoor names the door in the entry that a fetched receipt leaves.
const receiptDoor = "receipt"

// exchangeID is the form of every reference; nothing else is put into an entry.
var exchangeID = regexp.MustCompile(`^[0-9a-f]{32}$`)

type receiptsAnswer struct {
	ExchangeID string            `json:"exchange_id"`
	Receipts   []json.RawMessage `json:"receipts"` // of several outcomes, the last one holds
}

// Receipt hands out the receipts of an earlier exchange's outcomes to the system that
// made it, as they were given then; where the node ended or the connection broke on the
// way, more than one was sealed. That they were asked for is recorded first. An exchange
// of another system's is as unknown as one that never was.
func (s *Service) Receipt(ctx context.Context, call Call, ref string) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	caller, err := s.admit(ctx, call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, receiptDoor, err)
		return Release{}, err
	}
	u.caller = caller
	if !exchangeID.MatchString(ref) {
		return Release{System: caller.System}, s.refuseCommand(ctx, u, receiptDoor, unknownExchange())
	}
	if err := s.recordCommand(ctx, u, receiptDoor, ledger.Field{Name: "exchange", Value: ref}); err != nil {
		return Release{System: caller.System}, err
	}
	receipts, err := s.receiptsOf(ctx, caller.System, ref)
	if err != nil {
		return Release{System: caller.System}, s.refuseCommand(ctx, u, receiptDoor, err)
	}
	return s.answerCommand(ctx, u, Done{Answer: receiptsAnswer{ref, receipts}})
}

func (s *Service) receiptsOf(ctx context.Context, system, ref string) ([]json.RawMessage, error) {
	places, err := s.record.Outcomes(ctx, ref)
	if err != nil {
		return nil, err
	}
	var receipts []json.RawMessage
	for _, place := range places {
		sealed, err := ledger.SealedAt(ctx, s.record, place.Origin, place.Index)
		if err != nil {
			return nil, err
		}
		if sealed.Entry.Value("system") != system {
			return nil, unknownExchange()
		}
		receipt, err := sealed.Receipt(forCaller)
		if err != nil {
			return nil, err
		}
		receipts = append(receipts, receipt)
	}
	if len(receipts) == 0 {
		return nil, unknownExchange()
	}
	return receipts, nil
}

func unknownExchange() error {
	return gateway.Fail(gateway.NotFound, "ledger-entry-unknown", "This system has made no exchange of this id that came to an end.")
}
