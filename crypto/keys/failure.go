package keys

import (
	"time"

	"kapok/gateway"
)

// Failure is an error of this package that a caller may match with errors.Is.
type Failure string

// Error returns the failure's text; it holds no key and no name.
func (f Failure) Error() string { return string(f) }

const (
	// ErrPassphrase says that the passphrase does not open the file, or that the
	// file was changed; the two cannot be told apart.
	ErrPassphrase Failure = "keys: the passphrase does not open the key file"
	// ErrDestroyed says that the key which wrapped a person's key is not in the
	// key service any more: what was sealed is erased.
	ErrDestroyed Failure = "keys: the wrapping key was destroyed"
	// ErrWrapped says that a wrapped key was changed, or belongs to another
	// person or kind.
	ErrWrapped Failure = "keys: the wrapped key does not open"
)

const retryAfter = 5 * time.Second

// The refusals that a caller of Kapok may see.
func errSigningEnded() *gateway.Error {
	return unavailable("signing-key-ended", "Kapok's signing key has ended and could not be renewed; nothing is released unsigned.")
}

func errServiceGone() *gateway.Error {
	return unavailable("key-service-unavailable", "The key service does not answer.")
}

func errServiceSealed() *gateway.Error {
	return unavailable("key-service-sealed", "The key service is sealed.")
}

func errServiceRefused() *gateway.Error {
	return unavailable("key-service-refused", "The key service refuses Kapok's rights.")
}

func unavailable(code, message string) *gateway.Error {
	failure := gateway.Fail(gateway.Unavailable, code, message)
	failure.RetryAfter = retryAfter
	return failure
}
