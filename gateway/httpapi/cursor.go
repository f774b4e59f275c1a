package httpapi

import (
	"time"

	"kapok/gateway/httpapi/address"
	"kapok/gateway/postgres"
)

// place is a [postgres.LedgerPlace] as a cursor holds it.
type place struct {
	At     int64  `json:"t"` // Unix, ms
	Origin string `json:"o"`
	Index  uint64 `json:"i"`
}

func placeCursor(p postgres.LedgerPlace) (string, error) {
	return address.Cursor(place{At: p.At.UnixMilli(), Origin: p.Origin, Index: p.Index})
}

// cursorOf writes where a page ended.
func cursorOf(place any) (string, error) { return address.Cursor(place) }

func parsePlace(cursor string) (postgres.LedgerPlace, error) {
	if cursor == "" {
		return postgres.LedgerPlace{}, nil
	}
	var p place
	if err := readCursor(cursor, &p); err != nil {
		return postgres.LedgerPlace{}, err
	}
	return postgres.LedgerPlace{At: time.UnixMilli(p.At).UTC(), Origin: p.Origin, Index: p.Index}, nil
}

// readCursor fills v; "" leaves it as it is.
func readCursor(cursor string, v any) error {
	if err := address.ReadCursor(cursor, v); err != nil {
		return invalid("cursor", "The cursor is not one that a page gave.")
	}
	return nil
}
