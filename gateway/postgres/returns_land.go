package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"kapok/gateway"
	"kapok/gateway/returns"
)

// Alone runs work while nobody else works on the dataset. The lock belongs to a
// connection and ends with it, so that a process that was killed holds up nobody.
// Should the connection break meanwhile, Land's own comparison keeps two from landing
// the same rows.
func (r *Returns) Alone(ctx context.Context, dataset string, work func(ctx context.Context) error) error {
	conn, err := r.db.pool.Acquire(ctx)
	if err != nil {
		return explain(err)
	}
	defer conn.Release()
	var free bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock(hashtextextended('kapok/return/' || $1, 0))", dataset).Scan(&free); err != nil {
		return explain(err)
	}
	if !free {
		return busy()
	}
	defer unlock(ctx, conn, dataset)
	return work(ctx)
}

func busy() error {
	failure := gateway.Fail(gateway.Conflict, "return-busy", "Another process is working on this dataset.")
	failure.RetryAfter = 5 * time.Second
	return failure
}

// unlock gives the lock back; where that fails, the connection goes, and the lock with it.
func unlock(ctx context.Context, conn *pgxpool.Conn, dataset string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := conn.Exec(ctx, "select pg_advisory_unlock(hashtextextended('kapok/return/' || $1, 0))", dataset); err != nil {
		_ = conn.Conn().Close(ctx) // it holds the lock
	}
}

// table names a delivery's rows.
func table(load int64) string { return fmt.Sprintf("returned.load_%d", load) }

// Begin makes a delivery's table and its progress where there are none.
func (r *Returns) Begin(ctx context.Context, delivery returns.Delivery, d *returns.Dataset) (progress returns.Progress, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select returned.open_load($1, $2, $3)", delivery.Load, d.Plain(), d.Sealed()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into return_progress (delivery, landed, progress) values ($1, 0, '{}') on conflict do nothing`, delivery.ID); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "select progress from return_progress where delivery = $1", delivery.ID).Scan(&progress)
	})
	return progress, err
}

// Progress says how far a landing came; the zero value where none is under way.
func (r *Returns) Progress(ctx context.Context, id string) (progress returns.Progress, err error) {
	err = r.db.pool.QueryRow(ctx, "select progress from return_progress where delivery = $1", id).Scan(&progress)
	if errors.Is(err, pgx.ErrNoRows) {
		return progress, nil
	}
	return progress, explain(err)
}

// Land adds rows and notes how far the landing came, in one transaction. Of two that
// land the same rows, the second finds the progress moved on and adds nothing.
func (r *Returns) Land(ctx context.Context, delivery returns.Delivery, rows []returns.Row, after returns.Progress) error {
	progress, err := json.Marshal(after)
	if err != nil {
		return err
	}
	copied := encodeRows(delivery.Load, rows)
	return r.db.inTx(ctx, func(tx pgx.Tx) error {
		done, err := tx.Exec(ctx, "update return_progress set landed = $2, progress = $3 where delivery = $1 and landed = $4",
			delivery.ID, after.Landed, progress, after.Landed-int64(len(rows)))
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return busy()
		}
		if len(rows) == 0 {
			return nil
		}
		_, err = tx.Conn().PgConn().CopyFrom(ctx, bytes.NewReader(copied), "copy "+table(delivery.Load)+" from stdin (format binary)")
		return err
	})
}

// copyHead begins what COPY … (FORMAT binary) reads: PostgreSQL, "COPY", Binary Format.
const copyHead = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// ownColumns are a row's columns before the dataset's, as open_load makes them.
const ownColumns = 7

// encodeRows writes rows as COPY reads them, in the order of the table's columns.
func encodeRows(load int64, rows []returns.Row) []byte {
	if len(rows) == 0 {
		return nil
	}
	out := make([]byte, 0, len(copyHead)+len(rows)*(rowSize(&rows[0])+32))
	out = append(out, copyHead...)
	for i := range rows {
		row := &rows[i]
		out = binary.BigEndian.AppendUint16(out, uint16(ownColumns+len(row.Plain)+len(row.Sealed)))
		for _, id := range [][16]byte{row.Subject, row.Key, row.Digest} {
			out = append(binary.BigEndian.AppendUint32(out, 16), id[:]...)
		}
		out = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(out, 8), uint64(row.Line))
		out = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(out, 8), uint64(load))
		out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint32(out, 2), uint16(row.File))
		out = append(binary.BigEndian.AppendUint32(out, 1), row.Mark)
		for _, value := range row.Plain {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(value))), value...)
		}
		for _, value := range row.Sealed {
			out = append(binary.BigEndian.AppendUint32(out, uint32(len(value))), value...)
		}
	}
	return binary.BigEndian.AppendUint16(out, 0xffff)
}

func rowSize(row *returns.Row) int {
	size := 2 + ownColumns*4 + 3*16 + 8 + 8 + 2 + 1
	for _, value := range row.Plain {
		size += 4 + len(value)
	}
	for _, value := range row.Sealed {
		size += 4 + len(value)
	}
	return size
}

// quoted lists columns by their names.
func quoted(names []string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = pgx.Identifier{name}.Sanitize()
	}
	return strings.Join(parts, ", ")
}
