package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"kapok/gateway/postgres"
)

// A cursor is where the last page ended. It carries nothing that the page did not
// show, and a made-up one leads nowhere but to another page of the same list.

// place is a [postgres.LedgerPlace] as a cursor holds it.
type place struct {
	At     int64  `json:"t"` // Unix, ms
	Origin string `json:"o"`
	Index  uint64 `json:"i"`
}

func placeCursor(p postgres.LedgerPlace) string {
	return encodeCursor(place{At: p.At.UnixMilli(), Origin: p.Origin, Index: p.Index})
}

func parsePlace(cursor string) (postgres.LedgerPlace, error) {
	if cursor == "" {
		return postgres.LedgerPlace{}, nil
	}
	var p place
	if err := decodeCursor(cursor, &p); err != nil {
		return postgres.LedgerPlace{}, err
	}
	return postgres.LedgerPlace{At: time.UnixMilli(p.At).UTC(), Origin: p.Origin, Index: p.Index}, nil
}

func encodeCursor(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return "" // cannot happen: strings and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// decodeCursor fills v; "" leaves it as it is.
func decodeCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return invalid("cursor", "The cursor is not one that a page gave.")
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return invalid("cursor", "The cursor is not one that a page gave.")
	}
	return nil
}
