package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/gateway/returns"
)

// Standing reads back a full delivery: see [returns.ReadBack].
func (r *Returns) Standing(ctx context.Context, d returns.Delivery, set *returns.Dataset, read func(row *returns.Stood, key keys.WrappedKey) error) error {
	rows, err := r.db.pool.Query(ctx, `
		select replace(_subject::text, '-', ''), _file, _line, person_keys.wrapped, `+quoted(append(set.Plain(), set.Sealed()...))+`
		from `+table(d.Load)+` left join person_keys on owner = replace(_subject::text, '-', '') and use = $1
		order by _file, _line`, string(returns.DataKey))
	if err != nil {
		return explain(err)
	}
	one := returns.Stood{Kept: returns.Kept{Delivery: d}}
	one.Plain, one.Sealed = make([]string, len(set.Plain())), make([][]byte, len(set.Sealed()))
	var wrapped []byte
	into := []any{&one.SubjectRef, &one.File, &one.Line, &wrapped}
	for i := range one.Plain {
		into = append(into, &one.Plain[i])
	}
	for i := range one.Sealed {
		into = append(into, &one.Sealed[i])
	}
	_, err = pgx.ForEachRow(rows, into, func() error { return read(&one, wrapped) })
	return explain(err)
}
