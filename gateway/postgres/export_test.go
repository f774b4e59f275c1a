package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The tests stand outside the package, for pgtest imports it; these are its inner
// doors.

func (db *DB) InTx(ctx context.Context, fn func(pgx.Tx) error) error { return db.inTx(ctx, fn) }

func (db *DB) Pool() *pgxpool.Pool { return db.pool }

var ErrAgain = errAgain

var PlainArrays = plainArrays
