package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ReserveUses takes up to chunk uses of a grant's quota of one day, and says how many
// were left to take. What all nodes take together never passes the quota.
func (db *DB) ReserveUses(ctx context.Context, grant string, day time.Time, quota, chunk int) (got int, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into grant_quotas (grant_id, day, taken) values ($1, $2, 0) on conflict do nothing", grant, day); err != nil {
			return err
		}
		var taken int
		if err := tx.QueryRow(ctx, "select taken from grant_quotas where grant_id = $1 and day = $2 for update", grant, day).Scan(&taken); err != nil {
			return err
		}
		got = max(min(chunk, quota-taken), 0)
		_, err := tx.Exec(ctx, "update grant_quotas set taken = taken + $3 where grant_id = $1 and day = $2", grant, day, got)
		return err
	})
	return got, err
}

// ReturnUses gives back what a node that stops has not used.
func (db *DB) ReturnUses(ctx context.Context, grant string, day time.Time, unused int) error {
	_, err := db.pool.Exec(ctx, "update grant_quotas set taken = greatest(taken - $3, 0) where grant_id = $1 and day = $2", grant, day, unused)
	return explain(err)
}

// LiveNodes counts the nodes that write a log now, at least one: a rate is shared
// among them.
func (db *DB) LiveNodes(ctx context.Context) (count int, err error) {
	err = db.pool.QueryRow(ctx, "select greatest(count(*), 1) from ledger_origins where lease_until > now() and retired_at is null and origin <> $1", bookOfStops).Scan(&count)
	return count, explain(err)
}
