package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

// attempts is how often a transaction is tried when others were in its way.
const attempts = 8

// errAgain tells inTx that what the transaction saw was overtaken by another one.
var errAgain = errors.New("postgres: overtaken by another transaction")

// inTx runs fn in one transaction at READ COMMITTED, so that each statement sees
// what was committed before it started: a statement after a lock sees what the
// lock's former holder wrote.
//
// When the server gives the transaction up for another one (serialisation failure,
// deadlock) or fn returns errAgain, fn runs again from its start, on a new
// transaction: it must not keep anything of an attempt that failed. A panic rolls
// back and goes on.
//
// Transactions do not nest. fn gets a transaction that refuses Begin, Commit and
// Rollback; and fn must not call a method of db, which would take a second
// connection while holding the first: when all do that, all wait for ever. A test
// reads the source for it.
func (db *DB) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := db.once(ctx, fn)
		if err == nil || !again(err) {
			return explain(err)
		}
		if attempt == attempts {
			return contended(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (db *DB) once(ctx context.Context, fn func(pgx.Tx) error) error {
	tx, err := db.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			rollback(ctx, tx)
		}
	}()
	if err := fn(flatTx{tx}); err != nil {
		return err
	}
	done = true
	return tx.Commit(ctx)
}

// rollback is tried also when ctx has ended. When it fails the connection is
// broken and the pool closes it, which rolls back as well.
func rollback(ctx context.Context, tx pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := tx.Rollback(ctx); err != nil {
		return
	}
}

// pause waits a random while that grows with the attempts, so that those who were
// in each other's way do not meet again.
func pause(ctx context.Context, attempt int) error {
	longest := time.Millisecond << attempt
	timer := time.NewTimer(rand.N(longest)) //nolint:gosec // spreads retries; nothing secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// flatTx is a transaction that only inTx may end, and that holds no other.
type flatTx struct{ pgx.Tx }

func (flatTx) Begin(context.Context) (pgx.Tx, error) {
	return nil, fmt.Errorf("postgres: transactions do not nest")
}

func (flatTx) Commit(context.Context) error {
	return fmt.Errorf("postgres: only inTx commits")
}

func (flatTx) Rollback(context.Context) error {
	return fmt.Errorf("postgres: only inTx rolls back; return an error instead")
}
