package enrolling

import (
	"context"
	"slices"
	"time"

	"kapok/gateway/exchange"
)

// Ending is a key in force that ends soon.
type Ending struct {
	Key      exchange.SystemKey
	Followed bool // the system has another key that goes on after it
}

// watching are the roles that see every department's keys.
var watching = []string{"bureau", "auditor"}

// Ending lists the keys that end within a time from now, the next one first: of every
// department for the bureau and for auditors, of their own department's systems for others.
func (s *Service) Ending(ctx context.Context, by Person, within time.Duration) ([]Ending, error) {
	now := s.Now()
	found, err := s.Store.KeysEnding(ctx, now, now.Add(within))
	if err != nil || slices.ContainsFunc(watching, func(role string) bool { return slices.Contains(by.Roles, role) }) {
		return found, err
	}
	known := s.Catalog()
	return slices.DeleteFunc(found, func(e Ending) bool {
		system, there := known.System(e.Key.System)
		return !there || system.Department != by.Department
	}), nil
}
