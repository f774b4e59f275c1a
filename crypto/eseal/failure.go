package eseal

import "fmt"

// Failure is an error of this package; match with errors.Is. A wrong signature is
// sm.ErrInvalid, one that could not be decided sm.ErrUndecided.
type Failure string

// Error returns the failure's text, which holds nothing of the input.
func (f Failure) Error() string { return string(f) }

// The reasons.
const (
	ErrMalformed Failure = "eseal: the structure is none that is known here"
	ErrAlgorithm Failure = "eseal: the signature algorithm is not SM2 with SM3"
	ErrInput     Failure = "eseal: a part to be sealed is missing or wrong"
)

func malformed(part string) error { return fmt.Errorf("%w: %s", ErrMalformed, part) }

func missing(part string) error { return fmt.Errorf("%w: %s", ErrInput, part) }
