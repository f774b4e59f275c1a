package gateway

import (
	"crypto/rand"
	"encoding/hex"
)

// NewRef makes a random reference of 32 hex digits. It links what bears it and means
// nothing else.
func NewRef() string {
	var raw [16]byte
	_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(raw[:])
}
