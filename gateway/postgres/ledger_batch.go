package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"kapok/gateway/ledger"
)

// A batch of the ledger is the one transaction that is not run by inTx: its two
// halves, reading and writing, are one round trip each, BEGIN and COMMIT included,
// because every exchange waits for them twice. It is not retried here: the log
// decides what became of a batch that failed.

// ledgerBatch is one open transaction on its own connection.
type ledgerBatch struct {
	conn  *pgxpool.Conn
	lease ledger.Lease
	notes *knownParts
}

var _ ledger.Batch = (*ledgerBatch)(nil)

// Begin is as [ledger.Origins] has it. The statements of the round trip are sent
// together and run one after the other, each on a snapshot of its own, so those
// after the lock see what its former holder committed.
func (l *Ledger) Begin(ctx context.Context, lease ledger.Lease, ask ledger.Ask) (ledger.Batch, ledger.Read, error) {
	conn, err := l.db.pool.Acquire(ctx)
	if err != nil {
		return nil, ledger.Read{}, explain(err)
	}
	b := &ledgerBatch{conn: conn, lease: lease, notes: l.db.notes}
	read, err := b.begin(ctx, ask)
	if err != nil {
		b.abandon(ctx)
		return nil, ledger.Read{}, explain(err)
	}
	return b, read, nil
}

func (b *ledgerBatch) begin(ctx context.Context, ask ledger.Ask) (ledger.Read, error) {
	var read ledger.Read
	var made []claimMade
	send := &pgx.Batch{}
	send.Queue(`begin isolation level read committed`)
	b.queueLock(send, ask.Size)
	queueStops(send, b.lease.Origin, ask.Stops, &read)
	queueEditions(send, b.lease.Origin, ask.Editions, &read)
	queueClaims(send, ask, &made)
	queuePending(send, ask, &read)
	if err := b.conn.SendBatch(ctx, send).Close(); err != nil {
		return ledger.Read{}, err
	}
	if len(made) == len(ask.Claims) {
		return read, nil
	}
	var err error
	read.Taken, err = b.takenClaims(ctx, missing(ask.Claims, made))
	return read, err
}

func (b *ledgerBatch) queueLock(send *pgx.Batch, size uint64) {
	send.Queue(`select lease_token, size from ledger_origins where origin = $1 for update`, b.lease.Origin).
		QueryRow(func(row pgx.Row) error {
			var token string
			var stands int64
			if err := row.Scan(&token, &stands); err != nil {
				return err
			}
			if token != b.lease.Token {
				return ledger.ErrLeaseLost
			}
			if uint64(stands) != size {
				return ledger.ErrMoved
			}
			return nil
		})
}

func queueStops(send *pgx.Batch, origin string, stops []ledger.Stop, read *ledger.Read) {
	if len(stops) == 0 {
		return
	}
	kinds, ids := make([]string, len(stops)), make([]string, len(stops))
	for i, stop := range stops {
		kinds[i], ids[i] = stop.Kind, stop.ID
	}
	send.Queue(`
		select asked.kind, asked.id
		from unnest($2::text[], $3::text[]) as asked (kind, id)
		join lateral (
			select n from ledger_stops stop where stop.origin = $1 and stop.kind = asked.kind and stop.id = asked.id
			order by n desc limit 1) last on last.n % 2 = 1`, origin, kinds, ids).
		Query(func(rows pgx.Rows) (err error) {
			read.Stopped, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.Stop])
			return err
		})
}

func queueEditions(send *pgx.Batch, origin string, editions []ledger.Edition, read *ledger.Read) {
	if len(editions) == 0 {
		return
	}
	kinds, _ := columnsOf(editions)
	send.Queue(`select kind, max(number) from ledger_editions where origin = $1 and kind = any($2) group by kind`, origin, kinds).
		Query(func(rows pgx.Rows) (err error) {
			read.Editions, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.Edition])
			return err
		})
}

// queuePending locks entries to be sealed, leaving those that another log has in
// hand, and asks where the awaited ones are.
func queuePending(send *pgx.Batch, ask ledger.Ask, read *ledger.Read) {
	if ask.Pending > 0 {
		send.Queue(`
			select id, entry, subject_ref from ledger_pending where idx is null
			order by queued limit $1 for update skip locked`, ask.Pending).
			Query(func(rows pgx.Rows) (err error) {
				read.Pending, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.Pending])
				return err
			})
	}
	if len(ask.Awaited) > 0 {
		send.Queue(`select id, origin, idx from ledger_pending where id = any($1)`, ask.Awaited).
			Query(func(rows pgx.Rows) (err error) {
				read.Settled, err = settled(rows, ask.Awaited)
				return err
			})
	}
}

// settled leaves out what is still pending, and tells of what does not exist.
func settled(rows pgx.Rows, awaited []string) ([]ledger.Settled, error) {
	seen := map[string]bool{}
	var places []ledger.Settled
	var id string
	var origin *string
	var index *int64
	_, err := pgx.ForEachRow(rows, []any{&id, &origin, &index}, func() error {
		seen[id] = true
		if origin != nil && index != nil {
			places = append(places, ledger.Settled{ID: id, Known: true, Origin: *origin, Index: uint64(*index)})
		}
		return nil
	})
	for _, id := range awaited {
		if !seen[id] {
			places = append(places, ledger.Settled{ID: id})
		}
	}
	return places, err
}

// Commit is as [ledger.Batch] has it.
func (b *ledgerBatch) Commit(ctx context.Context, w ledger.Write) error {
	send := &pgx.Batch{}
	b.queueWrite(send, w)
	if err := b.conn.SendBatch(ctx, send).Close(); err != nil {
		b.abandon(ctx)
		return explain(err)
	}
	b.conn.Release()
	return nil
}

// queueWrite queues all that a batch adds, and the commit.
func (b *ledgerBatch) queueWrite(send *pgx.Batch, w ledger.Write) {
	queueRelease(send, w.Release)
	b.queueRows(send, w.Rows)
	b.queueAccesses(send, w.Rows)
	b.queueOpen(send, w.Rows)
	b.queueAttachments(send, w.Rows)
	written := b.queueNotes(send, w.Rows)
	b.queueTiles(send, w.Tiles)
	b.queueHead(send, w)
	b.queueSettled(send, w.Rows)
	send.Queue(`commit`).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("postgres: the ledger's transaction ended by %s", tag)
		}
		b.notes.keep(written)
		return nil
	})
}

// queueRows unnests its columns side by side in the list of what is selected: as a
// source of rows, PostgreSQL would copy every one of them into a store of its own first.
func (b *ledgerBatch) queueRows(send *pgx.Batch, rows []ledger.Row) {
	n := len(rows)
	indices, times, kinds := make([]int64, n), make([]time.Time, n), make([]string, n)
	refs, entries, openings := make([][]byte, n), make([][]byte, n), make([][]byte, n)
	for i, row := range rows {
		indices[i], times[i], kinds[i] = int64(row.Index), row.At, string(row.Kind)
		refs[i], entries[i], openings[i] = refBytes(row.Ref), row.Entry, row.Openings
	}
	send.Queue(`
		insert into ledger_entries (origin, idx, at, kind, ref, entry)
		select $1, unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::text[]), unnest($5::bytea[]), unnest($6::bytea[])`,
		b.lease.Origin, indices, times, kinds, refs, entries)
	send.Queue(`
		insert into ledger_openings (origin, idx, openings)
		select $1, unnest($2::bigint[]), unnest($3::bytea[])`, b.lease.Origin, indices, openings)
}

// refBytes is nil, NULL to the database, for no reference; the entry's own check has
// seen to its form.
func refBytes(ref string) []byte {
	raw, err := hex.DecodeString(ref)
	if err != nil || len(raw) == 0 {
		return nil
	}
	return raw
}

func (b *ledgerBatch) queueAccesses(send *pgx.Batch, rows []ledger.Row) {
	var subjects []string
	var times []time.Time
	var indices []int64
	for _, row := range rows {
		if row.Subject != "" {
			subjects, times, indices = append(subjects, row.Subject), append(times, row.At), append(indices, int64(row.Index))
		}
	}
	if len(subjects) > 0 {
		send.Queue(`
			insert into ledger_accesses (subject_ref, at, origin, idx)
			select unnest($2::text[]), unnest($3::timestamptz[]), $1, unnest($4::bigint[])`,
			b.lease.Origin, subjects, times, indices)
	}
}

func (b *ledgerBatch) queueTiles(send *pgx.Batch, tiles []ledger.Tile) {
	for _, tile := range tiles {
		send.Queue(`
			insert into ledger_tiles (origin, level, n, hashes) values ($1, $2, $3, $4)
			on conflict (origin, level, n) do update set hashes = excluded.hashes`,
			b.lease.Origin, tile.Level, int64(tile.N), tile.Hashes)
	}
}

func (b *ledgerBatch) queueHead(send *pgx.Batch, w ledger.Write) {
	if w.Chain != nil {
		send.Queue(`insert into ledger_keys (origin, key, chain) values ($1, $2, $3) on conflict do nothing`, b.lease.Origin, w.Key, w.Chain)
	}
	if !w.Month.IsZero() {
		send.Queue(`insert into ledger_months (origin, month, first) values ($1, $2, $3) on conflict do nothing`, b.lease.Origin, w.Month, int64(w.First))
	}
	send.Queue(`insert into ledger_checkpoints (origin, size, key, note) values ($1, $2, $3, $4)`,
		b.lease.Origin, int64(w.Size), w.Key, w.Checkpoint)
	send.Queue(`
		update ledger_origins set size = $2, lease_until = greatest(lease_until, clock_timestamp() + $3::interval)
		where origin = $1`, b.lease.Origin, int64(w.Size), b.lease.For)
}

func (b *ledgerBatch) queueSettled(send *pgx.Batch, rows []ledger.Row) {
	var ids []string
	var indices []int64
	for _, row := range rows {
		if row.Pending != "" {
			ids, indices = append(ids, row.Pending), append(indices, int64(row.Index))
		}
	}
	if len(ids) > 0 {
		send.Queue(`
			update ledger_pending pending set entry = null, origin = $1, idx = settled.idx
			from unnest($2::text[], $3::bigint[]) as settled (id, idx)
			where pending.id = settled.id`, b.lease.Origin, ids, indices)
	}
}

// Discard is as [ledger.Batch] has it.
func (b *ledgerBatch) Discard(ctx context.Context) {
	if _, err := b.conn.Exec(ctx, `rollback`); err != nil {
		b.abandon(ctx)
		return
	}
	b.conn.Release()
}

// abandon ends the connection, so that the server rolls back whatever was open.
func (b *ledgerBatch) abandon(ctx context.Context) {
	_ = b.conn.Conn().Close(ctx) // it is given up in any case
	b.conn.Release()
}
