package exchange

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// minimise keeps only what was asked for and allowed: true or false where the
// operation is VERIFY, masked values where the policies oblige, nothing else of what
// the source sent.
func (s *Service) minimise(ctx context.Context, u *use) error {
	shape, built := shapes[u.ask.Operation]
	if !built {
		return gateway.Fail(gateway.NotBuilt, "not-built", "This operation is not built yet.")
	}
	hidden := u.maskedFields()
	released := make(map[string]any, len(u.ask.Fields))
	for _, field := range u.ask.Fields {
		released[field] = shape(u, field, slices.Contains(hidden, field))
	}
	kept, err := s.annotate(ctx, u)
	if err != nil {
		return err
	}
	if kept != nil {
		released[copyMember] = kept
	}
	data, err := encode(released)
	if err != nil {
		return err
	}
	u.data, u.salt = data, newSalt()
	return nil
}

// shapes says what leaves for each operation that is built.
var shapes = map[gateway.Operation]func(u *use, field string, hide bool) any{
	gateway.View:   valueOf,
	gateway.Copy:   valueOf,
	gateway.Verify: func(u *use, field string, _ bool) any { return u.record[field] == u.ask.Expected[field] },

	gateway.Predicate: func(u *use, field string, _ bool) any { return u.holds(field) },
}

// china is the zone by whose days ages and periods are counted.
var china = time.FixedZone("CST", 8*60*60)

// holds puts the test of a field to its value, as of the moment the use began.
func (u *use) holds(name string) bool {
	field, _ := u.item.Field(name) // resolve found it
	return u.ask.testByField()[name].Holds(string(field.Type), u.record[name], u.started.In(china))
}

func valueOf(u *use, field string, hide bool) any {
	if hide {
		return masked(field, u.record[field])
	}
	return u.record[field]
}

const maskObligation = "mask:"

// maskedFields reads the obligations "mask:<field>" of the decision.
func (u *use) maskedFields() []string {
	var fields []string
	for _, obligation := range u.decision.Obligations {
		if field, ok := strings.CutPrefix(obligation, maskObligation); ok {
			fields = append(fields, field)
		}
	}
	return fields
}

const dataDomain = sm.Domain("kapok/data/v1")

// commitment binds the record of the release to what was released without holding
// it: SM3 over a salt that only the recipient gets, and the bytes of the member
// "data" as they stand in the response.
func (u *use) commitment() string {
	digest := sm.Sum(dataDomain.Message([]byte(u.salt)), u.data)
	return hex.EncodeToString(digest[:])
}

// encode writes JSON without the escapes that are meant for HTML.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func newSalt() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
