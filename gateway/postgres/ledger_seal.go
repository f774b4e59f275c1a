package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kapok/gateway/ledger"
)

// guardError is what the database's function ledger_guard raises, and the unique key
// that a claim meets which somebody has made before.
func guardError(failure *pgconn.PgError) error {
	switch {
	case failure.Code == "KL001":
		return ledger.ErrLeaseLost
	case failure.Code == "KL002":
		return ledger.ErrMoved
	case failure.Code == "KL003", failure.Code == "23505" && failure.TableName == "ledger_claims":
		return ledger.ErrFound
	}
	return nil
}

// Seal is as [ledger.Origins] has it: one round trip, of which any statement that
// fails takes all with it.
func (l *Ledger) Seal(ctx context.Context, lease ledger.Lease, ask ledger.Ask, w ledger.Write) error {
	conn, err := l.db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", ledger.ErrNotSent, explain(err))
	}
	b := &ledgerBatch{conn: conn, lease: lease, notes: l.db.notes}
	send := &pgx.Batch{}
	send.Queue(`begin isolation level read committed`)
	b.queueGuard(send, ask)
	queueFreeClaims(send, ask.Claims)
	b.queueWrite(send, w)
	err = conn.SendBatch(ctx, send).Close()
	if err == nil {
		conn.Release()
		return nil
	}
	if failure, told := errors.AsType[*pgconn.PgError](err); told && guardError(failure) != nil {
		b.Discard(ctx) // the server says that nothing was written
		return guardError(failure)
	}
	b.abandon(ctx)
	return explain(err)
}

func (b *ledgerBatch) queueGuard(send *pgx.Batch, ask ledger.Ask) {
	stopKinds, ids := make([]string, len(ask.Stops)), make([]string, len(ask.Stops))
	for i, stop := range ask.Stops {
		stopKinds[i], ids[i] = stop.Kind, stop.ID
	}
	kinds, numbers := columnsOf(ask.Editions)
	send.Queue(`select ledger_guard($1, $2, $3, $4, $5, $6, $7)`, b.lease.Origin, b.lease.Token, int64(ask.Size), stopKinds, ids, kinds, numbers)
}

func columnsOf(editions []ledger.Edition) (kinds []string, numbers []int64) {
	kinds, numbers = make([]string, len(editions)), make([]int64, len(editions))
	for i, edition := range editions {
		kinds[i], numbers[i] = edition.Kind, edition.Number
	}
	return kinds, numbers
}

// queueFreeClaims claims what nobody has claimed; a claim that expired and was not
// swept yet is left to the way that asks first.
func queueFreeClaims(send *pgx.Batch, claims []ledger.Claim) {
	if len(claims) > 0 {
		send.Queue(`
			insert into ledger_claims (owner, space, key, digest, ref, expires)
			select unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bytea[]), unnest($5::text[]), unnest($6::timestamptz[])`, claimColumns(claims)...)
	}
}

func claimColumns(claims []ledger.Claim) []any {
	n := len(claims)
	owners, spaces, keys, refs := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	digests, expires := make([][]byte, n), make([]time.Time, n)
	for i, claim := range claims {
		owners[i], spaces[i], keys[i], refs[i] = claim.Owner, claim.Space, claim.Key, claim.Ref
		digests[i], expires[i] = claim.Digest[:], claim.Expires
	}
	return []any{owners, spaces, keys, digests, refs, expires}
}
