package exchange

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Command is a signed call that was admitted and is no use of data itself: it orders
// some, asks how they stand, ends them.
type Command struct {
	Order
	Body []byte
	At   time.Time
}

// Done is what a command came to.
type Done struct {
	Answer any         // its members, and "chain" beside them, are the answer's body
	Handed func(error) // told what became of the bytes; nil: nobody waits for it
}

// Command admits a call, uses its nonce up in an entry that names the door, lets act do
// what it says and signs the answer. That act refuses is recorded as well.
func (s *Service) Command(ctx context.Context, call Call, door string, act func(context.Context, Command) (Done, error)) (Release, error) {
	u := &use{ref: gateway.NewRef(), call: call, live: s.live.Load(), started: s.now()}
	caller, err := s.admit(ctx, call)
	if err != nil {
		s.recordUnadmitted(ctx, call.TraceID, door, err)
		return Release{}, err
	}
	u.caller = caller
	if err := s.recordCommand(ctx, u, door); err != nil {
		return Release{System: caller.System}, err
	}
	done, err := act(ctx, Command{
		Order: Order{ID: u.ref, Caller: caller, URI: call.TargetURI, Remote: call.Remote, TraceID: call.TraceID}, Body: call.Body, At: u.started,
	})
	if err != nil {
		return Release{System: caller.System}, s.refuseCommand(ctx, u, door, err)
	}
	return s.answerCommand(ctx, u, done)
}

func (s *Service) answerCommand(ctx context.Context, u *use, done Done) (Release, error) {
	signing := s.signing()
	body, err := withChain(done.Answer, signing.Chain)
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	header, _, err := s.signAnswer(ctx, u, body, signing)
	if err != nil {
		return Release{System: u.caller.System}, err
	}
	return Release{Status: http.StatusOK, Header: header, Body: body, System: u.caller.System, handed: done.Handed}, nil
}

// withChain puts what the answer's signature is verified by beside its members.
func withChain(answer any, certificates [][]byte) ([]byte, error) {
	head, err := encode(answer)
	if err != nil {
		return nil, err
	}
	chain, err := encode(certificates)
	if err != nil {
		return nil, err
	}
	if len(head) < 2 || head[0] != '{' {
		return nil, fmt.Errorf("exchange: a command's answer is an object")
	}
	if len(head) == 2 {
		return fmt.Appendf(nil, `{"chain":%s}`, chain), nil
	}
	return fmt.Appendf(head[:len(head)-1], `,"chain":%s}`, chain), nil
}

// recordCommand records that a call was admitted, with what it is about; a call that
// comes again is refused.
func (s *Service) recordCommand(ctx context.Context, u *use, door string, about ...ledger.Field) error {
	sealed, err := s.ledger.Append(ctx, ledger.Append{
		Stops:  []ledger.Stop{{Kind: "key", ID: u.caller.KeyID}, {Kind: "system", ID: u.caller.System}, {Kind: "department", ID: u.caller.Department}},
		Claims: []ledger.Claim{u.nonceClaim()},
		Entry: func(found ledger.Found) ledger.Entry {
			if _, refusal := weigh(found); refusal != nil {
				return s.commandEntry(u, refusalKind, door, append(about, ledger.Field{Name: fieldCode, Value: refusal.Code})...)
			}
			return s.commandEntry(u, "command", door, about...)
		},
	})
	if err != nil {
		return err
	}
	if _, refusal := weigh(sealed.Found); refusal != nil {
		return refusal
	}
	return nil
}

func (s *Service) refuseCommand(ctx context.Context, u *use, door string, cause error) error {
	failure := gateway.AsError(cause)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	_, err := s.ledger.Append(ctx, ledger.Append{Entry: func(ledger.Found) ledger.Entry {
		return s.commandEntry(u, refusalKind, door, ledger.Field{Name: fieldCode, Value: failure.Code})
	}})
	if err != nil {
		return err
	}
	return failure
}

func (s *Service) commandEntry(u *use, kind ledger.Kind, door string, more ...ledger.Field) ledger.Entry {
	digest := sm.Sum(u.call.Body)
	return ledger.Entry{Kind: kind, Ref: u.ref, At: s.now(), Fields: append([]ledger.Field{
		{Name: "door", Value: door},
		{Name: "system", Value: u.caller.System},
		{Name: "department", Value: u.caller.Department},
		{Name: "key", Value: u.caller.KeyID},
		{Name: "body", Value: hex.EncodeToString(digest[:])},
		{Name: "request", Value: hex.EncodeToString(u.caller.Signature)},
		{Name: "trace", Value: u.call.TraceID},
	}, more...)}
}
