package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/returns"
)

// Uploaded says how many bytes of a file arrived.
func (r *Returns) Uploaded(ctx context.Context, id string, file int) (offset int64, err error) {
	err = r.db.pool.QueryRow(ctx, "select coalesce(max(at + size), 0) from return_pieces where delivery = $1 and file = $2", id, file).Scan(&offset)
	return offset, explain(err)
}

// Add puts a piece at the end of what arrived: see [returns.Uploads].
func (r *Returns) Add(ctx context.Context, id string, file int, piece returns.Piece) error {
	return r.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, _, err := become(ctx, tx, id, returns.Reconciled); err != nil { // it takes files while it can still become that
			return err
		}
		done, err := tx.Exec(ctx, `
			insert into return_pieces (delivery, file, at, size, sealed)
			select $1, $2, $3, $4, $5
			where $3 = (select coalesce(max(at + size), 0) from return_pieces where delivery = $1 and file = $2)`,
			id, file, piece.At, piece.Size, piece.Sealed)
		if err == nil && done.RowsAffected() == 0 {
			return conflict("return-offset", "Upload-Offset", "The bytes do not begin where what arrived ends.")
		}
		return err
	})
}

// Piece finds the piece that holds a byte: see [returns.Uploads].
func (r *Returns) Piece(ctx context.Context, id string, file int, at int64) (*returns.Piece, error) {
	var found returns.Piece
	err := r.db.pool.QueryRow(ctx, `
		select at, size, sealed from return_pieces where delivery = $1 and file = $2 and at <= $3 order by at desc limit 1`, id, file, at).
		Scan(&found.At, &found.Size, &found.Sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil //nolint:nilnil // nothing arrived of it
	}
	return &found, explain(err)
}

// Awaiting lists the deliveries that are received and not landed, the oldest first.
func (r *Returns) Awaiting(ctx context.Context) ([]returns.Delivery, error) {
	rows, err := r.db.pool.Query(ctx, selectDelivery+`
		where e.state = 'received' and exists (select from return_pieces p where p.delivery = d.delivery) order by d.load`)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanDelivery)
	return found, explain(err)
}
