package postgres

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/messages"
)

// queueAttachments adds the messages of a batch to it: no commit of their own.
func (b *ledgerBatch) queueAttachments(send *pgx.Batch, rows []ledger.Row) {
	var indices []int64
	var owners, classes []string
	var until []time.Time
	var sealed [][]byte
	for _, row := range rows {
		if a := row.Attachment; a != nil {
			indices, owners, classes = append(indices, int64(row.Index)), append(owners, a.Owner), append(classes, a.Class)
			until, sealed = append(until, a.Until), append(sealed, a.Sealed)
		}
	}
	if len(indices) > 0 {
		send.Queue(`
			insert into ledger_messages (origin, idx, owner, class, keep_until, sealed)
			select $1, unnest($2::bigint[]), unnest($3::text[]), unnest($4::text[]), unnest($5::timestamptz[]), unnest($6::bytea[])`,
			b.lease.Origin, indices, owners, classes, until, sealed)
	}
}

// Message returns what is kept beside an entry; nil when there is nothing, or no
// longer.
func (l *Ledger) Message(ctx context.Context, origin string, index uint64) (*ledger.Attachment, error) {
	return l.attachment(ctx, `select owner, class, keep_until, sealed from ledger_messages where origin = $1 and idx = $2`, origin, int64(index))
}

// ReleaseMessage returns the release's message of a reference; nil when there is none.
func (l *Ledger) ReleaseMessage(ctx context.Context, ref string) (*ledger.Attachment, error) {
	return l.attachment(ctx, `select owner, class, keep_until, sealed from ledger_releases where ref = $1`, refBytes(ref))
}

func (l *Ledger) attachment(ctx context.Context, query string, place ...any) (*ledger.Attachment, error) {
	rows, err := l.db.pool.Query(ctx, query, place...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ledger.Attachment])
	if err != nil || len(found) == 0 {
		return nil, explain(err)
	}
	return &found[0], nil
}

// KeepReleases stores releases' messages in one transaction that does not wait for
// the disk: a crash may lose the last moment's, and the ledger's entries stand.
func (l *Ledger) KeepReleases(ctx context.Context, kept []messages.Released) error {
	n := len(kept)
	refs, sealed := make([][]byte, n), make([][]byte, n)
	owners, classes, until := make([]string, n), make([]string, n), make([]time.Time, n)
	for i, one := range kept {
		raw, err := hex.DecodeString(one.Ref)
		if err != nil {
			return err
		}
		kept := one.Attachment
		refs[i], sealed[i], owners[i], classes[i], until[i] = raw, kept.Sealed, kept.Owner, kept.Class, kept.Until
	}
	return l.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local synchronous_commit = off`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			insert into ledger_releases (ref, owner, class, keep_until, sealed)
			select * from unnest($1::bytea[], $2::text[], $3::text[], $4::timestamptz[], $5::bytea[])
			on conflict do nothing`, refs, owners, classes, until, sealed)
		return err
	})
}
