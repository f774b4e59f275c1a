package httpapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"kapok/gateway/postgres"
)

// accessFilter is which of a person's entries they want to see; the zero value wants all.
type accessFilter struct {
	department, item string
	kinds            []string
	since, until     time.Time
}

func (f accessFilter) wants(one postgres.LedgerEntry) bool {
	item, _, _ := strings.Cut(one.Entry.Value("item"), "@")
	return (f.department == "" || one.Entry.Value("department") == f.department) && (f.item == "" || item == f.item) &&
		(len(f.kinds) == 0 || slices.Contains(f.kinds, string(one.Entry.Kind)))
}

func (f accessFilter) filters() bool { return f.department != "" || f.item != "" || len(f.kinds) > 0 }

// Entries are looked through by so many at a time, and at most so many for one page: a
// person who has very many and asks for what is rare gets what was found, and where to go
// on.
const (
	filterPage = 200
	filterMost = 4000
)

// accessesOf finds up to most of a person's entries that a filter wants, the latest first,
// before a place. more says that there may be others, before next. Departments, items and
// kinds stand in the entries alone and have no index, so entries are looked through; times
// are what the index is ordered by.
func (h handlers) accessesOf(ctx context.Context, subjectRef string, f accessFilter, before postgres.LedgerPlace, most int) (found []postgres.LedgerEntry, next postgres.LedgerPlace, more bool, err error) {
	if !f.until.IsZero() && (before.At.IsZero() || f.until.Before(before.At)) {
		before = postgres.LedgerPlace{At: f.until}
	}
	size := most
	if f.filters() {
		size = filterPage
	}
	for looked := 0; looked < filterMost; looked += size {
		page, err := h.record.Accesses(ctx, subjectRef, before, size)
		if err != nil {
			return nil, next, false, err
		}
		for _, one := range page {
			if !f.since.IsZero() && one.Entry.At.Before(f.since) {
				return found, next, false, nil
			}
			before = one.Place()
			if !f.wants(one) {
				continue
			}
			if found = append(found, one); len(found) == most {
				return found, before, true, nil
			}
		}
		if len(page) < size {
			return found, next, false, nil
		}
	}
	return found, before, true, nil
}
