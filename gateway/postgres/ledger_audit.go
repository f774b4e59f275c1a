package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// Audit computes every log again and says what was altered and where. It reads the
// database as it stood at one moment; logs may go on meanwhile.
func (l *Ledger) Audit(ctx context.Context, options ledger.AuditOptions) (ledger.AuditReport, error) {
	tx, err := l.db.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return ledger.AuditReport{}, explain(err)
	}
	defer rollback(ctx, tx)
	report, err := auditIn(ctx, tx, l.db.shelf, options)
	return report, explain(err)
}

func auditIn(ctx context.Context, tx pgx.Tx, shelf Shelf, options ledger.AuditOptions) (ledger.AuditReport, error) {
	return ledger.Audit(ctx, &auditSource{tx: tx, shelf: shelf}, options)
}

// auditSource reads one transaction, several streams beside each other by cursors, and
// what the archive took from there.
type auditSource struct {
	tx      pgx.Tx
	shelf   Shelf
	cursors int
}

var _ ledger.AuditSource = (*auditSource)(nil)

func (s *auditSource) Origins(ctx context.Context) ([]ledger.AuditOrigin, error) {
	return collect[ledger.AuditOrigin](ctx, s.tx, `
		select origin, size, retired_at is not null from ledger_origins where origin <> $1 order by origin`, bookOfStops)
}

// Strays are rows of a log that the book of logs does not hold, and stops and editions
// that stand in one log and not in another.
func (s *auditSource) Strays(ctx context.Context) ([]ledger.Altered, error) {
	strays, err := collect[ledger.Altered](ctx, s.tx, `
		select origin, 'the book of logs', 'it does not hold this log' from (
			select origin from ledger_entries union select origin from ledger_openings union select origin from ledger_accesses
			union select origin from ledger_tiles union select origin from ledger_checkpoints union select origin from ledger_keys
			union select origin from ledger_messages union select origin from ledger_archived union select origin from ledger_months
			except select origin from ledger_origins where origin <> $1) as stray order by origin`, bookOfStops)
	if err != nil {
		return nil, err
	}
	stops, err := collect[ledger.Altered](ctx, s.tx, `
		select log.origin, 'stop of a ' || stop.kind, 'it stands, or is lifted, in another log and not in this one'
		from ledger_origins log cross join (select distinct kind, id, n from ledger_stops) stop
		where not exists (select from ledger_stops own where own.origin = log.origin and own.kind = stop.kind and own.id = stop.id and own.n = stop.n)
		union all
		select log.origin, 'edition of the ' || edition.kind, 'number ' || edition.number || ' stands in another log and not in this one'
		from ledger_origins log cross join (select distinct kind, number from ledger_editions) edition
		where not exists (select from ledger_editions own where own.origin = log.origin and own.kind = edition.kind and own.number = edition.number)
		order by 1`)
	if err != nil {
		return nil, err
	}
	orphans, err := collect[ledger.Altered](ctx, s.tx, `
		select origin, 'entry ' || idx, 'its openings are stored, and it is not' from ledger_openings opening
		where not exists (select from ledger_places entry where entry.origin = opening.origin and entry.idx = opening.idx)
		order by origin, idx`)
	if err != nil {
		return nil, err
	}
	unsaid, err := s.unsaidPrunings(ctx)
	if err != nil {
		return nil, err
	}
	moved, err := s.movedMarkers(ctx)
	return slices.Concat(strays, stops, orphans, unsaid, moved), err
}

// Erased reads the entries of erasures, each against its commitments; whether they
// stand in their tree, the audit finds as of any entry.
func (s *auditSource) Erased(ctx context.Context) (func(subject string) bool, error) {
	persons := map[string]bool{}
	err := s.said(ctx, erasedKind, func(entry ledger.Entry) { persons[entry.Value("person")] = true })
	return func(subject string) bool { return persons[erasedPerson(subject)] }, err
}

// unsaidPrunings are those that no entry accounts for. One that still waits to be sealed
// does: it was committed with the deletion, and the next log that opens seals it.
func (s *auditSource) unsaidPrunings(ctx context.Context) (unsaid []ledger.Altered, err error) {
	type pruning struct {
		Origin string
		Upto   int64
	}
	said := map[pruning]bool{}
	account := func(entry ledger.Entry) {
		if upto, err := strconv.ParseInt(entry.Value("upto"), 10, 64); err == nil {
			said[pruning{entry.Value("log"), upto}] = true
		}
	}
	if err := s.said(ctx, prunedKind, account); err != nil {
		return nil, err
	}
	if err := s.pending(ctx, prunedKind, account); err != nil {
		return nil, err
	}
	made, err := collect[pruning](ctx, s.tx, `select origin, upto from ledger_prunings order by 1, 2`)
	for _, one := range made {
		if !said[one] {
			unsaid = append(unsaid, ledger.Altered{Origin: one.Origin, Where: "the entries below " + strconv.FormatInt(one.Upto, 10),
				What: "they were deleted after an archive, and no entry says so"})
		}
	}
	return unsaid, err
}

// pending hands out the entries of a kind that wait to be sealed.
func (s *auditSource) pending(ctx context.Context, kind ledger.Kind, each func(ledger.Entry)) error {
	type waiting struct{ Entry ledger.Entry }
	found, err := collect[waiting](ctx, s.tx, `select entry from ledger_pending where idx is null and entry->>'Kind' = $1`, kind)
	for _, one := range found {
		each(one.Entry)
	}
	return err
}

// said hands out the entries of a kind that are what they commit to; another one is
// found altered in its place.
func (s *auditSource) said(ctx context.Context, kind ledger.Kind, each func(ledger.Entry)) error {
	type place struct {
		Origin          string
		Index           int64
		Entry, Openings []byte
	}
	found, err := collect[place](ctx, s.tx, `
		select place.origin, place.idx, entry.entry, opening.openings from ledger_places place
		join ledger_openings opening on opening.origin = place.origin and opening.idx = place.idx
		left join ledger_entries entry on entry.origin = place.origin and entry.idx = place.idx
		where place.kind = $1`, kind)
	if err != nil {
		return err
	}
	for _, one := range found {
		if one.Entry == nil {
			err := s.shelf.Entries(one.Origin, uint64(one.Index), uint64(one.Index)+1, func(_ uint64, encoded []byte) error {
				one.Entry = slices.Clone(encoded)
				return nil
			})
			if err != nil {
				return shelved(err)
			}
		}
		if entry, err := ledger.OpenEntry(one.Entry, one.Openings); err == nil && entry.Kind == kind {
			each(entry)
		}
	}
	return nil
}

type auditedRow struct {
	Index    int64
	At       time.Time
	Kind     string
	Ref      []byte
	Entry    []byte
	Openings []byte
}

func (r auditedRow) row() ledger.AuditRow {
	return ledger.AuditRow{
		Index: uint64(r.Index), At: r.At, Kind: ledger.Kind(r.Kind), Ref: hex.EncodeToString(r.Ref), Entry: r.Entry, Openings: r.Openings,
	}
}

// Rows takes those from the archive that are not in the database, with what the
// database has beside them.
func (s *auditSource) Rows(ctx context.Context, origin string) iter.Seq2[ledger.AuditRow, error] {
	return func(yield func(ledger.AuditRow, error) bool) {
		upto, err := pruned(ctx, s.tx, origin)
		if err != nil {
			yield(ledger.AuditRow{}, err)
			return
		}
		if upto > 0 && !s.shelvedRows(ctx, origin, upto, yield) {
			return
		}
		for row, err := range stream(ctx, s, `
			select entry.idx, entry.at, entry.kind, entry.ref, entry.entry, opening.openings
			from ledger_entries entry
			left join ledger_openings opening on opening.origin = entry.origin and opening.idx = entry.idx
			where entry.origin = $1 order by entry.idx`, origin, auditedRow.row) {
			if !yield(row, err) {
				return
			}
		}
	}
}

func (s *auditSource) shelvedRows(ctx context.Context, origin string, upto uint64, yield func(ledger.AuditRow, error) bool) bool {
	next, stop := iter.Pull2(shelfEntries(s.shelf, origin, upto))
	defer stop()
	for row, err := range stream(ctx, s, `
		select place.idx, place.at, place.kind, place.ref, null::bytea, opening.openings
		from ledger_archived place
		left join ledger_openings opening on opening.origin = place.origin and opening.idx = place.idx
		where place.origin = $1 order by place.idx`, origin, auditedRow.row) {
		if err == nil && row.Index < upto {
			row.Entry, err, _ = next()
		}
		if !yield(row, err) || err != nil {
			return false
		}
	}
	return true
}

func (s *auditSource) Accesses(ctx context.Context, origin string) iter.Seq2[ledger.AuditAccess, error] {
	return stream(ctx, s, `
		select idx, subject_ref, at from ledger_accesses where origin = $1 order by idx, subject_ref, at`, origin, same[ledger.AuditAccess])
}

func (s *auditSource) Heads(ctx context.Context, origin string) iter.Seq2[ledger.AuditHead, error] {
	return func(yield func(ledger.AuditHead, error) bool) {
		upto, err := pruned(ctx, s.tx, origin)
		if err == nil && upto > 0 {
			err = shelved(s.shelf.Notes(origin, 0, upto-1, func(note string) error { return shelvedHead(note, yield) }))
		}
		if err != nil {
			if !errors.Is(err, errEnough) {
				yield(ledger.AuditHead{}, err)
			}
			return
		}
		for head, err := range stream(ctx, s, `select size, key, note from ledger_checkpoints where origin = $1 order by size`, origin, same[ledger.AuditHead]) {
			if !yield(head, err) {
				return
			}
		}
	}
}

func shelvedHead(note string, yield func(ledger.AuditHead, error) bool) error {
	head, err := ledger.ParseCheckpoint(note)
	if err != nil {
		return err
	}
	key, err := ledger.CheckpointKey(note)
	if err == nil && !yield(ledger.AuditHead{Size: head.Size, Key: key, Note: note}, nil) {
		err = errEnough
	}
	return err
}

// Months is as [ledger.AuditSource] has it.
func (s *auditSource) Months(ctx context.Context, origin string) (map[time.Time]uint64, error) {
	type month struct {
		Month time.Time
		First int64
	}
	found, err := collect[month](ctx, s.tx, `select month, first from ledger_months where origin = $1`, origin)
	months := map[time.Time]uint64{}
	for _, one := range found {
		months[one.Month.UTC()] = uint64(one.First)
	}
	return months, err
}

// Messages is as [ledger.AuditSource] has it.
func (s *auditSource) Messages(ctx context.Context, origin string) iter.Seq2[ledger.AuditMessage, error] {
	type row struct {
		Index        int64
		Owner, Class string
		Until        time.Time
		Sealed       []byte
	}
	return stream(ctx, s, `
		select idx, owner, class, keep_until, sealed from ledger_messages where origin = $1 order by idx`, origin, func(r row) ledger.AuditMessage {
		return ledger.AuditMessage{Index: uint64(r.Index), Message: ledger.Attachment{Owner: r.Owner, Class: r.Class, Until: r.Until, Sealed: r.Sealed}}
	})
}

type storedTile struct {
	Level, N int64
	Hashes   []byte
}

func (t storedTile) tile() ledger.Tile {
	return ledger.Tile{TileID: ledger.TileID{Level: int(t.Level), N: uint64(t.N)}, Hashes: t.Hashes}
}

func (s *auditSource) LowTiles(ctx context.Context, origin string) iter.Seq2[ledger.Tile, error] {
	return stream(ctx, s, `
		select level, n, hashes from ledger_tiles where origin = $1 and level = 0 order by n`, origin, storedTile.tile)
}

func (s *auditSource) HighTiles(ctx context.Context, origin string) ([]ledger.Tile, error) {
	stored, err := collect[storedTile](ctx, s.tx, `select level, n, hashes from ledger_tiles where origin = $1 and level > 0`, origin)
	tiles := make([]ledger.Tile, len(stored))
	for i, one := range stored {
		tiles[i] = one.tile()
	}
	return tiles, err
}

func (s *auditSource) Keys(ctx context.Context, origin string) ([]ledger.KeyChain, error) {
	return collect[ledger.KeyChain](ctx, s.tx, `select chain, key from ledger_keys where origin = $1 order by key`, origin)
}

// Stops is as [ledger.AuditSource] has it.
func (s *auditSource) Stops(ctx context.Context, origin string) ([]ledger.AuditStop, error) {
	rows, err := s.tx.Query(ctx, `select kind, id, n, size from ledger_stops where origin = $1 order by kind, id, n`, origin)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (one ledger.AuditStop, err error) {
		err = row.Scan(&one.Stop.Kind, &one.Stop.ID, &one.Number, &one.Size)
		return one, err
	})
}

// Editions is as [ledger.AuditSource] has it.
func (s *auditSource) Editions(ctx context.Context, origin string) ([]ledger.AuditEdition, error) {
	rows, err := s.tx.Query(ctx, `select kind, number, size from ledger_editions where origin = $1 order by kind, number`, origin)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (one ledger.AuditEdition, err error) {
		err = row.Scan(&one.Edition.Kind, &one.Edition.Number, &one.Size)
		return one, err
	})
}

func (s *auditSource) Open(ctx context.Context, origin string) ([]string, error) {
	rows, err := s.tx.Query(ctx, `select encode(ref, 'hex') from ledger_open where origin = $1`, origin)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func collect[T any](ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]T, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[T])
}

func same[T any](one T) T { return one }

// fetchAtOnce is how many rows of a cursor are in memory.
const fetchAtOnce = 2000

// stream reads a statement by a cursor: a transaction has one connection, and others
// read beside it.
func stream[R, T any](ctx context.Context, s *auditSource, sql, origin string, of func(R) T) iter.Seq2[T, error] {
	s.cursors++
	cursor := fmt.Sprintf("audit_%d", s.cursors) // described anew each time: the name means another statement in the next audit
	return func(yield func(T, error) bool) {
		var none T
		if _, err := s.tx.Exec(ctx, `declare `+cursor+` no scroll cursor for `+sql, pgx.QueryExecModeDescribeExec, origin); err != nil {
			yield(none, err)
			return
		}
		for {
			page, err := collect[R](ctx, s.tx, fmt.Sprintf(`fetch %d from %s`, fetchAtOnce, cursor), pgx.QueryExecModeDescribeExec)
			if err != nil {
				yield(none, err)
				return
			}
			for _, one := range page {
				if !yield(of(one), nil) {
					return
				}
			}
			if len(page) < fetchAtOnce {
				return
			}
		}
	}
}
