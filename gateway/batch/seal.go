package batch

import (
	"context"
	"encoding/json"
	"strconv"

	"kapok/crypto/keys"
	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// OrderKey is the use of the key that a batch is sealed with.
const OrderKey keys.Use = "batch"

// KeyOwner names a batch's key where persons' keys are kept.
func KeyOwner(id string) string { return "batch:" + id }

const sealDomain = "kapok/batch/v1\x00"

// place binds what is sealed to its place, so that results cannot be exchanged.
func place(id, what string, position int) []byte {
	return []byte(sealDomain + id + "\x00" + what + "\x00" + strconv.Itoa(position))
}

// placed is what is kept of a batch besides its people.
type placed struct {
	Order   order          `json:"order"`
	Command exchange.Order `json:"command"`
}

// result is what is kept of one person until it is fetched.
type result struct {
	Body    json.RawMessage `json:"body"`              // a [queried] or [eligible]
	Refs    []string        `json:"refs"`              // of the exchanges
	Subject string          `json:"subject,omitempty"` // subject_ref; of what was released
	Stops   []ledger.Stop   `json:"stops,omitempty"`
}

// key opens a batch's key; [keys.ErrDestroyed] once it is gone.
func (s *Service) key(ctx context.Context, id string) (*keys.PersonKey, error) {
	wrapped, err := s.Store.BatchKey(ctx, id)
	if err != nil {
		return nil, err
	}
	if wrapped == nil {
		return nil, keys.ErrDestroyed
	}
	return s.Persons.Open(ctx, OrderKey, KeyOwner(id), wrapped)
}
