package postgres

import (
	"context"
	"encoding/hex"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
)

// queueOpen notes the intents of a batch, in its transaction.
func (b *ledgerBatch) queueOpen(send *pgx.Batch, rows []ledger.Row) {
	var refs [][]byte
	var indices []int64
	for _, row := range rows {
		if row.Kind == ledger.IntentKind && row.Ref != "" {
			refs, indices = append(refs, refBytes(row.Ref)), append(indices, int64(row.Index))
		}
	}
	if len(refs) > 0 {
		send.Queue(`
			insert into ledger_open (origin, ref, idx)
			select $1, unnest($2::bytea[]), unnest($3::bigint[])`, b.lease.Origin, refs, indices)
	}
}

// Settle is as [ledger.Endings] has it.
func (l *Ledger) Settle(ctx context.Context, origin string, refs []string) error {
	raw := make([][]byte, len(refs))
	for i, ref := range refs {
		raw[i] = refBytes(ref)
	}
	_, err := l.db.pool.Exec(ctx, `delete from ledger_open where origin = $1 and ref = any($2)`, origin, raw)
	return explain(err)
}

// Unsettled lists up to limit intents that nobody has settled, each with the entries
// of its reference; after is the reference that the page before ended with.
func (l *Ledger) Unsettled(ctx context.Context, origin, after string, limit int) ([]ledger.Unsettled, error) {
	rows, err := l.db.pool.Query(ctx, `
		select distinct ref from ledger_open where origin = $1 and ref > $2 order by ref limit $3`,
		origin, append([]byte{}, refBytes(after)...), limit)
	if err != nil {
		return nil, explain(err)
	}
	refs, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil || len(refs) == 0 {
		return nil, explain(err)
	}
	return l.unsettledAt(ctx, origin, refs)
}

func (l *Ledger) unsettledAt(ctx context.Context, origin string, refs [][]byte) ([]ledger.Unsettled, error) {
	found := make([]ledger.Unsettled, len(refs))
	at := map[string]*ledger.Unsettled{}
	for i, ref := range refs {
		found[i].Ref = hex.EncodeToString(ref)
		at[found[i].Ref] = &found[i]
	}
	rows, err := l.db.pool.Query(ctx, `
		select entry.entry, opening.openings
		from ledger_entries entry
		left join ledger_openings opening on opening.origin = entry.origin and opening.idx = entry.idx
		where entry.ref = any($2) and entry.origin = $1 order by entry.idx`, origin, refs)
	if err != nil {
		return nil, explain(err)
	}
	var encoded, openings []byte
	_, err = pgx.ForEachRow(rows, []any{&encoded, &openings}, func() error {
		entry, err := ledger.OpenEntry(encoded, openings)
		if one := at[entry.Ref]; err == nil && one != nil {
			one.Entries = append(one.Entries, entry)
		}
		return err
	})
	return found, explain(err)
}
