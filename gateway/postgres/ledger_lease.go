package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// bookOfStops is the origin that is no log: every stop stands there, and its lock
// makes stops and new origins take turns.
const bookOfStops = ""

// Take is as [ledger.Origins] has it.
func (l *Ledger) Take(ctx context.Context, lease ledger.Lease) error {
	return l.db.inTx(ctx, func(tx pgx.Tx) error {
		err := takeLease(ctx, tx, lease)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if err := createOrigin(ctx, tx, lease); err != nil {
			return err
		}
		return takeLease(ctx, tx, lease)
	})
}

// takeLease fails with pgx.ErrNoRows where there is no such origin.
func takeLease(ctx context.Context, tx pgx.Tx, lease ledger.Lease) error {
	var held, retired bool
	err := tx.QueryRow(ctx, `
		select lease_token <> '' and node <> $2 and lease_until > clock_timestamp(), retired_at is not null
		from ledger_origins where origin = $1 for update`, lease.Origin, lease.Node).Scan(&held, &retired)
	switch {
	case err != nil:
		return err
	case retired:
		return ledger.ErrRetired
	case held:
		return ledger.ErrLeaseHeld
	}
	_, err = tx.Exec(ctx, `
		update ledger_origins set node = $2, lease_token = $3, lease_until = clock_timestamp() + $4::interval
		where origin = $1`, lease.Origin, lease.Node, lease.Token, lease.For)
	return err
}

// createOrigin copies stops and editions in statements after the one that locked their
// book: it sees every one that was written before, and those after see the origin.
func createOrigin(ctx context.Context, tx pgx.Tx, lease ledger.Lease) error {
	if err := lockOrigin(ctx, tx, bookOfStops); err != nil {
		return err
	}
	made, err := tx.Exec(ctx, `insert into ledger_origins (origin, node) values ($1, $2) on conflict do nothing`, lease.Origin, lease.Node)
	if err != nil || made.RowsAffected() == 0 {
		return err
	}
	for _, statement := range []string{
		`insert into ledger_stops (origin, kind, id, n, size, stopped_at)
		select $1, kind, id, n, 0, stopped_at from ledger_stops where origin = $2`,
		`insert into ledger_editions (origin, kind, number, size, published_at)
		select $1, kind, number, 0, published_at from ledger_editions where origin = $2`,
	} {
		if _, err := tx.Exec(ctx, statement, lease.Origin, bookOfStops); err != nil {
			return err
		}
	}
	return nil
}

func lockOrigin(ctx context.Context, tx pgx.Tx, origin string) error {
	var found string
	err := tx.QueryRow(ctx, `select origin from ledger_origins where origin = $1 for update`, origin).Scan(&found)
	if err != nil {
		return fmt.Errorf("postgres: lock origin: %w", err)
	}
	return nil
}

// Renew is as [ledger.Origins] has it.
func (l *Ledger) Renew(ctx context.Context, lease ledger.Lease) error {
	renewed, err := l.db.pool.Exec(ctx, `
		update ledger_origins set lease_until = clock_timestamp() + $3::interval,
			lease_token = case when $3::interval > '0' then lease_token else '' end
		where origin = $1 and lease_token = $2`, lease.Origin, lease.Token, lease.For)
	if err != nil {
		return explain(err)
	}
	if renewed.RowsAffected() == 0 {
		return ledger.ErrLeaseLost
	}
	return nil
}

// Load is as [ledger.Origins] has it. The lock waits for a commit under way.
func (l *Ledger) Load(ctx context.Context, lease ledger.Lease) (ledger.State, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := l.db.pool.Exec(ctx, `select ledger_extend()`); err != nil { // a log that came to the end of its ranges fails, and is loaded again
		return ledger.State{}, explain(err)
	}
	var state ledger.State
	err := l.db.inTx(ctx, func(tx pgx.Tx) error {
		state = ledger.State{}
		size, err := showLease(ctx, tx, lease)
		if err != nil {
			return err
		}
		state.Size = uint64(size)
		state.Checkpoint, err = lastCheckpoint(ctx, tx, lease.Origin)
		if err != nil {
			return err
		}
		edge, _ := ledger.EdgeTiles(state.Size)
		state.Edge, err = readTiles(ctx, tx, lease.Origin, edge)
		return err
	})
	return state, err
}

func showLease(ctx context.Context, tx pgx.Tx, lease ledger.Lease) (size int64, err error) {
	var token string
	err = tx.QueryRow(ctx, `select lease_token, size from ledger_origins where origin = $1 for update`, lease.Origin).Scan(&token, &size)
	if err != nil {
		return 0, err
	}
	if token != lease.Token {
		return 0, ledger.ErrLeaseLost
	}
	return size, nil
}

// lastCheckpoint is the largest there is, not the one of the origin's size: a size that
// was set back to that of an older checkpoint would agree with it.
func lastCheckpoint(ctx context.Context, tx pgx.Tx, origin string) (note string, err error) {
	err = tx.QueryRow(ctx, `select note from ledger_checkpoints where origin = $1 order by size desc limit 1`, origin).Scan(&note)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil // an empty log has none; of another, the reader refuses
	}
	return note, err
}
