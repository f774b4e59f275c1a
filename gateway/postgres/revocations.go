package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// KeepRevocations stores a list under its issuer and date; again the same one is no
// change. Whether its signature is good, whoever uses it judges.
func (db *DB) KeepRevocations(ctx context.Context, list *pki.CRL) error {
	issuer := sm.Sum(list.RawIssuer)
	_, err := db.pool.Exec(ctx, `
		insert into revocation_lists (issuer, this_update, next_update, list) values ($1, $2, $3, $4) on conflict do nothing`,
		issuer[:], list.ThisUpdate, list.NextUpdate, list.Raw)
	return explain(err)
}

// Revocations returns, of each issuer, the list that was in force at a time and the
// latest that is kept, DER, in no order and each once.
func (db *DB) Revocations(ctx context.Context, at time.Time) ([][]byte, error) {
	rows, err := db.pool.Query(ctx, `
		(select distinct on (issuer) list from revocation_lists where this_update <= $1 and next_update >= $1 order by issuer, this_update desc)
		union
		(select distinct on (issuer) list from revocation_lists order by issuer, this_update desc)`, at)
	if err != nil {
		return nil, explain(err)
	}
	lists, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return lists, explain(err)
}
