package postgres

import (
	"context"
	"encoding/hex"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/exchange"
	"kapok/gateway/ledger"
)

// LedgerReadKind is the entry of somebody's being shown entries.
const LedgerReadKind ledger.Kind = "ledger-read"

// LedgerEntry is an entry as a page shows it, with those of its fields that were
// not erased.
type LedgerEntry struct {
	Origin string
	Index  uint64
	Entry  ledger.Entry
}

// LedgerPlace is a place in a citizen's index; the zero one stands after the latest.
type LedgerPlace struct {
	At     time.Time
	Origin string
	Index  uint64
}

// Place is where the entry stands in a citizen's index, for the next page.
func (e LedgerEntry) Place() LedgerPlace { return LedgerPlace{e.Entry.At, e.Origin, e.Index} }

// Accesses lists what concerns one citizen, in all logs, the latest first: up to
// limit entries that stand before the given place. That they looked at it themselves is
// recorded like any reading, and not listed.
func (l *Ledger) Accesses(ctx context.Context, subjectRef string, before LedgerPlace, limit int) ([]LedgerEntry, error) {
	if before.At.IsZero() {
		before.At = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, err := l.db.pool.Query(ctx, `
		select at, origin, idx from ledger_accesses access
		where subject_ref = $1 and (at, origin, idx) < ($2, $3, $4) and not exists (
			select from ledger_places own where own.origin = access.origin and own.idx = access.idx and own.kind = $6)
		order by at desc, origin desc, idx desc limit $5`, subjectRef, before.At, before.Origin, int64(before.Index), limit, LedgerReadKind)
	if err != nil {
		return nil, explain(err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerPlace])
	if err != nil {
		return nil, explain(err)
	}
	return l.entriesAt(ctx, places)
}

// Find lists the entries of one reference, the earliest first: an intent and its
// outcome, for instance. A reference is 32 lower-case hex characters; there is
// nothing under any other.
func (l *Ledger) Find(ctx context.Context, ref string) ([]LedgerEntry, error) {
	raw, err := hex.DecodeString(ref)
	if err != nil || hex.EncodeToString(raw) != ref {
		return nil, nil
	}
	rows, err := l.db.pool.Query(ctx, `select at, origin, idx from ledger_places where ref = $1 order by at, origin, idx`, raw)
	if err != nil {
		return nil, explain(err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerPlace])
	if err != nil {
		return nil, explain(err)
	}
	return l.entriesAt(ctx, places)
}

// Outcomes is as exchange.Record has it.
func (l *Ledger) Outcomes(ctx context.Context, ref string) ([]exchange.Place, error) {
	rows, err := l.db.pool.Query(ctx, `
		select origin, idx from ledger_places where ref = $1 and kind = $2 order by at, origin, idx`, refBytes(ref), ledger.OutcomeKind)
	if err != nil {
		return nil, explain(err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[exchange.Place])
	return places, explain(err)
}

// Recent lists the latest entries of all logs, without whom they concern: up to
// limit, the latest first, of each origin only those below the index that before
// holds for it. Those of one origin come in the order of its log, also where their
// times do not, so that a page that begins where another ended leaves none out.
func (l *Ledger) Recent(ctx context.Context, before map[string]uint64, limit int) ([]LedgerEntry, error) {
	origins, err := l.origins(ctx)
	if err != nil {
		return nil, err
	}
	logs := make([][]LedgerPlace, len(origins))
	for i, origin := range origins {
		below, bounded := before[origin]
		rows, err := l.db.pool.Query(ctx, `
			select at, origin, idx from ledger_places
			where origin = $1 and (idx < $2 or not $3) order by idx desc limit $4`, origin, int64(below), bounded, limit)
		if err != nil {
			return nil, explain(err)
		}
		if logs[i], err = pgx.CollectRows(rows, pgx.RowToStructByPos[LedgerPlace]); err != nil {
			return nil, explain(err)
		}
	}
	entries, err := l.entriesAt(ctx, latest(logs, limit))
	for i := range entries {
		entries[i].Entry.Fields = slices.DeleteFunc(entries[i].Entry.Fields, func(f ledger.Field) bool { return f.Name == ledger.SubjectField })
	}
	return entries, err
}

// latest takes, up to limit times, the latest of the first of each log.
func latest(logs [][]LedgerPlace, limit int) []LedgerPlace {
	var places []LedgerPlace
	for len(places) < limit {
		at := -1
		for i, log := range logs {
			if len(log) > 0 && (at < 0 || log[0].At.After(logs[at][0].At)) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		places, logs[at] = append(places, logs[at][0]), logs[at][1:]
	}
	return places
}

func (l *Ledger) origins(ctx context.Context) ([]string, error) {
	rows, err := l.db.pool.Query(ctx, `select origin from ledger_origins where origin <> $1 order by origin`, bookOfStops)
	if err != nil {
		return nil, explain(err)
	}
	origins, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return origins, explain(err)
}

// Checkpoints returns the latest signed checkpoint of each log that has one.
func (l *Ledger) Checkpoints(ctx context.Context) ([]string, error) {
	rows, err := l.db.pool.Query(ctx, `
		select head.note from ledger_origins log
		join ledger_checkpoints head on head.origin = log.origin and head.size = log.size
		order by log.origin`)
	if err != nil {
		return nil, explain(err)
	}
	notes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return notes, explain(err)
}

// entriesAt reads and opens entries, in the order asked for. A place where nothing is
// stored has no entry.
func (l *Ledger) entriesAt(ctx context.Context, places []LedgerPlace) ([]LedgerEntry, error) {
	origins, indices := make([]string, len(places)), make([]int64, len(places))
	for i, place := range places {
		origins[i], indices[i] = place.Origin, int64(place.Index)
	}
	rows, err := l.db.pool.Query(ctx, `
		select entry.entry, opening.openings
		from unnest($1::text[], $2::bigint[]) with ordinality as asked (origin, idx, position)
		left join ledger_entries entry on entry.origin = asked.origin and entry.idx = asked.idx
		left join ledger_openings opening on opening.origin = asked.origin and opening.idx = asked.idx
		order by asked.position`, origins, indices)
	if err != nil {
		return nil, explain(err)
	}
	stored, err := pgx.CollectRows(rows, pgx.RowToStructByPos[storedEntry])
	if err != nil {
		return nil, explain(err)
	}
	if err := l.addShelved(ctx, places, stored); err != nil {
		return nil, err
	}
	entries := make([]LedgerEntry, 0, len(places))
	for i, one := range stored {
		if one.Entry == nil {
			continue
		}
		entry, err := ledger.OpenEntry(one.Entry, one.Openings)
		if err != nil {
			return nil, err
		}
		entries = append(entries, LedgerEntry{places[i].Origin, places[i].Index, entry})
	}
	return entries, nil
}

// storedEntry is an entry as it is stored; without one where the archive took it.
type storedEntry struct{ Entry, Openings []byte }

// addShelved reads from the archive what the database does not hold.
func (l *Ledger) addShelved(ctx context.Context, places []LedgerPlace, stored []storedEntry) error {
	missing := map[string][]uint64{}
	for i, one := range stored {
		if one.Entry == nil {
			missing[places[i].Origin] = append(missing[places[i].Origin], places[i].Index)
		}
	}
	for origin, indices := range missing {
		found, err := l.fromShelf(ctx, origin, indices)
		if err != nil {
			return err
		}
		for i, place := range places {
			if stored[i].Entry == nil && place.Origin == origin {
				stored[i].Entry = found[place.Index]
			}
		}
	}
	return nil
}
