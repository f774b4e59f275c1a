package address

import (
	"encoding/base64"
	"encoding/json"
	"errors"
)

// A cursor is where the last page ended. It carries nothing that the page did not
// show, and a made-up one leads nowhere but to another page of the same list.

var errCursor = errors.New("address: not a cursor that a page gave")

// Cursor writes v, whose JSON holds strings and numbers only, for an address.
func Cursor(v any) (string, error) {
	raw, err := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw), err
}

// ReadCursor fills v from what [Cursor] wrote; "" leaves v as it is. Its errors hold
// nothing of the cursor.
func ReadCursor(cursor string, v any) error {
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || json.Unmarshal(raw, v) != nil {
		return errCursor
	}
	return nil
}
