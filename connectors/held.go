package connectors

import (
	"fmt"
	"time"
)

// Why a question was held back instead of being sent.
const (
	Busy        = "busy"        // too many questions are with the source already, or per second
	Resting     = "resting"     // it failed again and again, and is left alone for a while
	Maintenance = "maintenance" // it said beforehand that it would be down now
)

// Held is a question that was not sent. It is [ErrUnavailable] too.
type Held struct {
	Why   string
	After time.Duration // when to come again
}

// Error names the reason.
func (h *Held) Error() string {
	return fmt.Sprintf("%v: the question was held back: %s", ErrUnavailable, h.Why)
}

// Unwrap returns [ErrUnavailable].
func (h *Held) Unwrap() error { return ErrUnavailable }
