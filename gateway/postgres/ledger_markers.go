package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// markedKind is the entry that says at which size of each log a stop began or ended
// (FORMAT.md §17).
const markedKind ledger.Kind = "stop-marked"

// stopMarker is a marker as it was made: of an odd number one that stops, of an even
// number one that lifts.
type stopMarker struct {
	Origin       string
	Number, Size int64
}

// markersAtOnce is how many logs one entry names; a value holds about 8000 bytes.
const markersAtOnce = 60

// pendMarkers records the sizes in the transaction that made the markers, so that
// nobody can move a stop later on without contradicting what was sealed.
func pendMarkers(ctx context.Context, tx pgx.Tx, stop ledger.Stop, marked []stopMarker) error {
	marked = slices.DeleteFunc(marked, func(m stopMarker) bool { return m.Origin == bookOfStops })
	slices.SortFunc(marked, func(a, b stopMarker) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Origin, b.Origin))
	})
	for len(marked) > 0 {
		same := 1
		for same < min(len(marked), markersAtOnce) && marked[same].Number == marked[0].Number {
			same++
		}
		if _, err := pendEntry(ctx, tx, markedEntry(stop, marked[:same], time.Now()), ""); err != nil {
			return err
		}
		marked = marked[same:]
	}
	return nil
}

// markedEntry is of markers of one number.
func markedEntry(stop ledger.Stop, marked []stopMarker, at time.Time) ledger.Entry {
	sizes := make([]string, len(marked))
	for i, one := range marked {
		sizes[i] = one.Origin + " " + strconv.FormatInt(one.Size, 10)
	}
	return ledger.Entry{Kind: markedKind, At: at, Fields: []ledger.Field{
		{Name: "stop", Value: stop.Kind},
		{Name: "id", Value: stop.ID},
		{Name: "number", Value: strconv.FormatInt(marked[0].Number, 10)},
		{Name: "sizes", Value: strings.Join(sizes, "\n")},
	}}
}

// movedMarkers are markers that are not, or not any more, where a sealed entry says.
func (s *auditSource) movedMarkers(ctx context.Context) (moved []ledger.Altered, err error) {
	type marker struct {
		Origin, Kind, ID string
		Number, Size     int64
	}
	stand := map[marker]bool{}
	found, err := collect[marker](ctx, s.tx, `select origin, kind, id, n, size from ledger_stops`)
	if err != nil {
		return nil, err
	}
	for _, one := range found {
		stand[one] = true
	}
	err = s.said(ctx, markedKind, func(entry ledger.Entry) {
		number, _ := strconv.ParseInt(entry.Value("number"), 10, 64) // of an erased value nothing is read
		for line := range strings.SplitSeq(entry.Value("sizes"), "\n") {
			origin, size, _ := strings.Cut(line, " ")
			one := marker{origin, entry.Value("stop"), entry.Value("id"), number, 0}
			at, failure := strconv.ParseInt(size, 10, 64)
			if one.Size = at; failure == nil && !stand[one] {
				moved = append(moved, ledger.Altered{Origin: origin, Where: "stop of a " + one.Kind,
					What: fmt.Sprintf("its marker %d does not stand at the size that was sealed", number)})
			}
		}
	})
	return moved, err
}
