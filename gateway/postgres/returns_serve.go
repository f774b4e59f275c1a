package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/returns"
)

const undefinedTable = "42P01"

// maxServed bounds the rows about one person that are read.
const maxServed = 100

// InForce reads what is in force about a person: see [returns.Served]. Should the
// version be destroyed between the two statements, what is in force then is read.
func (r *Returns) InForce(ctx context.Context, d *returns.Dataset, subjectRef string) (*returns.Delivery, []returns.Kept, error) {
	for {
		force, err := r.current(ctx, d.Code)
		if err != nil || force == nil {
			return nil, nil, explain(err)
		}
		kept, err := r.rowsOf(ctx, d, force.Load, subjectRef)
		if sqlState(err) == undefinedTable && ctx.Err() == nil {
			if still, again := r.current(ctx, d.Code); again != nil || still == nil || still.Load != force.Load {
				continue
			}
		}
		return force, kept, explain(err)
	}
}

// current is the delivery in force; nil for none.
func (r *Returns) current(ctx context.Context, dataset string) (*returns.Delivery, error) {
	var load int64
	err := r.db.pool.QueryRow(ctx, `
		select load from return_datasets join return_deliveries on delivery = current where return_datasets.dataset = $1`, dataset).Scan(&load)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return r.delivered(ctx, load)
}

// delivered is what never changes of a delivery; it is read once.
func (r *Returns) delivered(ctx context.Context, load int64) (*returns.Delivery, error) {
	if known, ok := r.known.Load(load); ok {
		return known.(*returns.Delivery), nil
	}
	rows, err := r.db.pool.Query(ctx, selectDelivery+"where d.load = $1", load)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	if err != nil {
		return nil, err
	}
	r.known.Store(load, &found)
	return &found, nil
}

func (r *Returns) rowsOf(ctx context.Context, d *returns.Dataset, load int64, subjectRef string) ([]returns.Kept, error) {
	columns := quoted(append(d.Plain(), d.Sealed()...))
	rows, err := r.db.pool.Query(ctx, fmt.Sprintf(
		"select _load, _file, _line, %s from %s where _subject = $1::uuid order by _load, _file, _line limit %d", columns, table(load), maxServed), subjectRef)
	if err != nil {
		return nil, err
	}
	loads := []int64{}
	kept, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (returns.Kept, error) {
		var one returns.Kept
		var from int64
		one.Plain, one.Sealed = make([]string, len(d.Plain())), make([][]byte, len(d.Sealed()))
		into := []any{&from, &one.File, &one.Line}
		for i := range one.Plain {
			into = append(into, &one.Plain[i])
		}
		for i := range one.Sealed {
			into = append(into, &one.Sealed[i])
		}
		err := row.Scan(into...)
		loads = append(loads, from)
		return one, err
	})
	if err != nil {
		return nil, err
	}
	for i := range kept {
		from, err := r.delivered(ctx, loads[i])
		if err != nil {
			return nil, err
		}
		kept[i].Delivery = *from
	}
	return kept, nil
}
