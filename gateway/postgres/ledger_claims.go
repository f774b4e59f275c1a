package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// claimMade names a claim as the database returns it.
type claimMade struct{ Owner, Space, Key string }

// queueClaims claims all at once. A claim that another transaction makes at the
// same time waits for that one's end. One that has expired and was not swept yet is
// taken over. Made is who succeeded.
func queueClaims(send *pgx.Batch, ask ledger.Ask, made *[]claimMade) {
	if len(ask.Claims) == 0 {
		return
	}
	send.Queue(`
		insert into ledger_claims as claim (owner, space, key, digest, ref, expires)
		select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[])
		on conflict (owner, space, key) do update
		set digest = excluded.digest, ref = excluded.ref, expires = excluded.expires where claim.expires < $7
		returning owner, space, key`, append(claimColumns(ask.Claims), ask.Now)...).
		Query(func(rows pgx.Rows) (err error) {
			*made, err = pgx.CollectRows(rows, pgx.RowToStructByPos[claimMade])
			return err
		})
}

func missing(claims []ledger.Claim, made []claimMade) []ledger.Claim {
	return slices.DeleteFunc(slices.Clone(claims), func(c ledger.Claim) bool {
		return slices.Contains(made, claimMade{c.Owner, c.Space, c.Key})
	})
}

// takenClaims says by whom they were claimed. The rows are there: the insert has
// met them, and it locks what it meets until this transaction ends.
func (b *ledgerBatch) takenClaims(ctx context.Context, claims []ledger.Claim) ([]ledger.Taken, error) {
	taken := make([]ledger.Taken, len(claims))
	send := &pgx.Batch{}
	for i, claim := range claims {
		send.Queue(`select digest, ref from ledger_claims where owner = $1 and space = $2 and key = $3`, claim.Owner, claim.Space, claim.Key).
			QueryRow(func(row pgx.Row) error {
				var digest []byte
				taken[i].Claim = claim
				if err := row.Scan(&digest, &taken[i].Ref); err != nil {
					return err
				}
				taken[i].Digest = [32]byte(digest)
				return nil
			})
	}
	return taken, b.conn.SendBatch(ctx, send).Close()
}

// queueRelease takes back claims that this transaction made.
func queueRelease(send *pgx.Batch, claims []ledger.Claim) {
	for _, claim := range claims {
		send.Queue(`delete from ledger_claims where owner = $1 and space = $2 and key = $3`, claim.Owner, claim.Space, claim.Key)
	}
}

// SweepClaims deletes up to limit claims that expired before the given time, and
// returns how many; call it again while it returns limit.
func (l *Ledger) SweepClaims(ctx context.Context, before time.Time, limit int) (int, error) {
	swept, err := l.db.pool.Exec(ctx, `
		delete from ledger_claims where (owner, space, key) in (
			select owner, space, key from ledger_claims where expires < $1
			order by expires limit $2 for update skip locked)`, before, limit)
	return int(swept.RowsAffected()), explain(err)
}

// SweepPending deletes up to limit pending entries that were sealed and written
// before the given time; nobody can wait for them any more.
func (l *Ledger) SweepPending(ctx context.Context, before time.Time, limit int) (int, error) {
	swept, err := l.db.pool.Exec(ctx, `
		delete from ledger_pending where id in (
			select id from ledger_pending where idx is not null and created_at < $1
			order by created_at limit $2 for update skip locked)`, before, limit)
	return int(swept.RowsAffected()), explain(err)
}
