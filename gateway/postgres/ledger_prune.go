package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
)

// Kinds of the archive's own entries (FORMAT.md §18).
const (
	archivedKind ledger.Kind = "ledger-archived"
	prunedKind   ledger.Kind = "ledger-pruned"
)

// RecordArchive notes an archive that was written and verified, and by whom. Again the
// same one is no change; another one of the same range is Conflict, archive-differs.
func (db *DB) RecordArchive(ctx context.Context, a ledger.Archived, by string, at time.Time) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		made, err := tx.Exec(ctx, `
			insert into ledger_archives (origin, first, size, manifest, archived_by, archived_at)
			values ($1, $2, $3, $4, $5, $6) on conflict do nothing`, a.Origin, int64(a.First), int64(a.Size), a.Manifest[:], by, at)
		if err != nil {
			return err
		}
		if made.RowsAffected() == 0 {
			_, err := recordedArchive(ctx, tx, a)
			return err
		}
		_, err = pendEntry(ctx, tx, ledger.Entry{Kind: archivedKind, At: at, Fields: append(rangeFields(a),
			ledger.Field{Name: "size", Value: strconv.FormatUint(a.Size, 10)}, ledger.Field{Name: "actor", Value: by})}, "")
		return err
	})
}

func rangeFields(a ledger.Archived) []ledger.Field {
	return []ledger.Field{
		{Name: "log", Value: a.Origin},
		{Name: "first", Value: strconv.FormatUint(a.First, 10)},
		{Name: "manifest", Value: hex.EncodeToString(a.Manifest[:])},
	}
}

// recordedArchive locks the record of an archive and says who made it.
func recordedArchive(ctx context.Context, tx pgx.Tx, a ledger.Archived) (by string, err error) {
	var manifest []byte
	err = tx.QueryRow(ctx, `
		select archived_by, manifest from ledger_archives where origin = $1 and first = $2 and size = $3 for update`,
		a.Origin, int64(a.First), int64(a.Size)).Scan(&by, &manifest)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", gateway.Fail(gateway.NotFound, "archive-unknown", "No archive of this range was recorded.")
	}
	if err == nil && !bytes.Equal(manifest, a.Manifest[:]) {
		return "", gateway.Fail(gateway.Conflict, "archive-differs", "The archive at hand is not the one that was recorded.")
	}
	return by, err
}

// LastArchive is the range of the archive of a log that was recorded last;
// NotFound, archive-unknown, where there is none.
func (l *Ledger) LastArchive(ctx context.Context, origin string) (ledger.Range, error) {
	var first, size int64
	err := l.db.pool.QueryRow(ctx, `
		select first, size from ledger_archives where origin = $1 order by archived_at desc, size desc limit 1`, origin).Scan(&first, &size)
	if errors.Is(err, pgx.ErrNoRows) {
		return ledger.Range{}, gateway.Fail(gateway.NotFound, "archive-unknown", "No archive of this log was recorded.")
	}
	return ledger.Range{Origin: origin, First: uint64(first), Size: uint64(size)}, explain(err)
}

// Pruning asks that what an archive holds be deleted from the database.
type Pruning struct {
	Archive    ledger.Archived // as it was verified just now
	By, Reason string
	At         time.Time
}

// pruneAtOnce is how many entries one transaction deletes.
const pruneAtOnce = 4 * ledger.ChunkEntries

// Prune deletes the entries and checkpoints that an archive holds, in whole chunks, some
// to a transaction, each with its own entry; it returns where the database begins then.
// Salts, values, the citizens' index, messages, the tree's tiles, certificates and stop
// markers stay, and each entry's place. It stops before the oldest open intent and
// before what the grants' uses were not added up from yet. The archive must have been
// recorded, by another person (Conflict, second-person-needed). The login of the
// database must be allowed to delete; the gateway's is not.
func (db *DB) Prune(ctx context.Context, p Pruning) (upto uint64, err error) {
	if err := db.RollUpUses(ctx); err != nil {
		return 0, err
	}
	for {
		var more bool
		err := db.inTx(ctx, func(tx pgx.Tx) error {
			upto, more, err = pruneSome(ctx, tx, p)
			return err
		})
		if err != nil || !more {
			return upto, err
		}
	}
}

func pruneSome(ctx context.Context, tx pgx.Tx, p Pruning) (upto uint64, more bool, err error) {
	other, err := recordedArchive(ctx, tx, p.Archive)
	if err != nil {
		return 0, false, err
	}
	if other == p.By {
		return 0, false, gateway.Fail(gateway.Conflict, "second-person-needed", "Whoever made the archive does not delete what it holds: another person looks a second time.")
	}
	from, err := pruned(ctx, tx, p.Archive.Origin)
	if err != nil {
		return 0, false, err
	}
	end, err := prunable(ctx, tx, p.Archive)
	if err != nil || end <= from || p.Archive.First > from {
		return from, false, err
	}
	upto = min(end, from+pruneAtOnce)
	if err := shelve(ctx, tx, p.Archive.Origin, from, upto); err != nil {
		return 0, false, err
	}
	_, err = tx.Exec(ctx, `insert into ledger_prunings (origin, upto, pruned_by, pruned_at) values ($1, $2, $3, $4)`, p.Archive.Origin, int64(upto), p.By, p.At)
	if err == nil {
		_, err = pendEntry(ctx, tx, pruningEntry(p, other, from, upto), "")
	}
	return upto, true, err
}

// prunable is where the whole chunks end that may go.
func prunable(ctx context.Context, tx pgx.Tx, a ledger.Archived) (uint64, error) {
	var end int64
	err := tx.QueryRow(ctx, `
		select least($2::bigint,
			(select min(idx) from ledger_open where origin = $1),
			coalesce((select next from grant_uses_read where origin = $1), 0))`, a.Origin, int64(a.Size)).Scan(&end)
	return uint64(end) / ledger.ChunkEntries * ledger.ChunkEntries, err
}

// shelve leaves of each entry its place. Where one is missing, nothing goes: the store
// is not as it was sealed.
func shelve(ctx context.Context, tx pgx.Tx, origin string, from, upto uint64) error {
	moved, err := tx.Exec(ctx, `
		with gone as (
			delete from ledger_entries where origin = $1 and idx >= $2 and idx < $3 returning origin, idx, at, kind, ref)
		insert into ledger_archived (origin, idx, at, kind, ref) select * from gone`, origin, int64(from), int64(upto))
	if err != nil {
		return err
	}
	if uint64(moved.RowsAffected()) != upto-from {
		return gateway.Fail(gateway.Conflict, "ledger-altered", "Entries of this range are missing from the database; audit it first.")
	}
	_, err = tx.Exec(ctx, `delete from ledger_checkpoints where origin = $1 and size >= $2 and size < $3`, origin, int64(from), int64(upto))
	return err
}

func pruningEntry(p Pruning, archivedBy string, from, upto uint64) ledger.Entry {
	return ledger.Entry{Kind: prunedKind, At: p.At, Fields: append(rangeFields(p.Archive),
		ledger.Field{Name: "from", Value: strconv.FormatUint(from, 10)},
		ledger.Field{Name: "upto", Value: strconv.FormatUint(upto, 10)},
		ledger.Field{Name: "actor", Value: p.By},
		ledger.Field{Name: "archived-by", Value: archivedBy},
		ledger.Field{Name: "reason", Value: p.Reason})}
}

// FreeRanges gives back the room of ranges that hold nothing any more. A range that is
// written to meanwhile keeps it.
func (db *DB) FreeRanges(ctx context.Context) error {
	rows, err := db.pool.Query(ctx, `
		select inhrelid::regclass::text from pg_inherits
		where inhparent in ('ledger_entries'::regclass, 'ledger_checkpoints'::regclass) and pg_relation_size(inhrelid) > 0`)
	if err != nil {
		return explain(err)
	}
	ranges, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, one := range ranges {
		err = errors.Join(err, db.inTx(ctx, func(tx pgx.Tx) error { return freeRange(ctx, tx, one) }))
	}
	return explain(err)
}

// freeRange looks without a lock first: nobody waits for a range that holds something.
func freeRange(ctx context.Context, tx pgx.Tx, table string) error {
	for _, lock := range []string{`set local lock_timeout = '2s'`, `lock table ` + table + ` in access exclusive mode`} {
		var held bool
		if err := tx.QueryRow(ctx, `select exists (select from `+table+`)`).Scan(&held); err != nil || held {
			return err
		}
		if _, err := tx.Exec(ctx, lock); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `do $$ begin if not exists (select from `+table+`) then truncate `+table+`; end if; end $$`)
	return err
}
