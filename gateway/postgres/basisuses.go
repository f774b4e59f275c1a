package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/basis"
	"kapok/gateway/exchange/closing"
	"kapok/gateway/ledger"
)

// inAll is the day under which a basis's uses are counted in all.
var inAll = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// ReserveBasisUse takes one of the uses that a basis allows, in all and on one day, for
// the exchange ref, before its intent. What all nodes take together never passes a
// limit. Reserving twice for one exchange takes one.
func (db *DB) ReserveBasisUse(ctx context.Context, b basis.Basis, ref string, day, at time.Time) (within bool, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		within = true
		done, err := tx.Exec(ctx, "insert into basis_uses (basis_id, ref, day, at) values ($1, $2, $3, $4) on conflict do nothing", b.ID, ref, day, at)
		if err != nil || done.RowsAffected() == 0 {
			return err
		}
		for _, limit := range []struct {
			day  time.Time
			most int
		}{{inAll, b.MaxUses}, {day, b.PerDay}} {
			if limit.most == 0 {
				continue
			}
			if within, err = takeUse(ctx, tx, b.ID, limit.day, limit.most); err != nil || !within {
				return orSpent(err)
			}
		}
		return nil
	})
	if isSpent(err) {
		return false, nil
	}
	return within, err
}

// takeUse counts one up, unless the count is full: the row's lock makes those who come
// at once take turns.
func takeUse(ctx context.Context, tx pgx.Tx, id string, day time.Time, most int) (bool, error) {
	done, err := tx.Exec(ctx, `
		insert into basis_counters as held (basis_id, day, most, taken) values ($1, $2, $3, 1)
		on conflict (basis_id, day) do update set taken = held.taken + 1 where held.taken < held.most`, id, day, most)
	return done.RowsAffected() == 1, err
}

// errSpent rolls a reservation back that one of its limits refuses.
var errSpent = gateway.Fail(gateway.Forbidden, "basis-exhausted", "Every use of the access basis is used up.")

func orSpent(err error) error {
	if err == nil {
		return errSpent
	}
	return err
}

func isSpent(err error) bool {
	return err != nil && gateway.AsError(err).Code == errSpent.Code
}

// ReturnBasisUse gives back what was reserved for an exchange that released nothing.
func (db *DB) ReturnBasisUse(ctx context.Context, id, ref string) error {
	return db.inTx(ctx, func(tx pgx.Tx) error {
		var day time.Time
		err := tx.QueryRow(ctx, "delete from basis_uses where basis_id = $1 and ref = $2 and not settled returning day", id, ref).Scan(&day)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "update basis_counters set taken = taken - 1 where basis_id = $1 and day in ($2, $3)", id, inAll, day)
		return err
	})
}

// settleMost bounds the uses that are looked up at once.
const settleMost = 500

// reservedUse is one whose end its node has not told.
type reservedUse struct{ ID, Ref string }

// SettleBasisUses looks up in the ledger what became of uses that were reserved before
// the moment before: those that were released stay counted, the others are given back,
// also where their node died between the two. It returns the bases whose every use was
// released.
func (db *DB) SettleBasisUses(ctx context.Context, before time.Time) (exhausted []basis.Basis, err error) {
	rows, err := db.pool.Query(ctx, "select basis_id, ref from basis_uses where not settled and at < $1 order by at limit $2", before, settleMost)
	if err != nil {
		return nil, explain(err)
	}
	open, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reservedUse])
	if err != nil {
		return nil, explain(err)
	}
	for _, one := range open {
		if err := db.settleUse(ctx, one); err != nil {
			return nil, err
		}
	}
	return db.exhausted(ctx)
}

func (db *DB) settleUse(ctx context.Context, one reservedUse) error {
	found, err := db.Ledger().Find(ctx, one.Ref)
	if err != nil {
		return err
	}
	var entries []ledger.Entry
	for _, entry := range found {
		entries = append(entries, entry.Entry)
	}
	left, known := closing.Left(entries)
	if !known {
		return nil
	}
	if left {
		_, err := db.pool.Exec(ctx, "update basis_uses set settled = true where basis_id = $1 and ref = $2", one.ID, one.Ref)
		return explain(err)
	}
	return db.ReturnBasisUse(ctx, one.ID, one.Ref)
}

// exhausted lists bases in force of which every use was released.
func (db *DB) exhausted(ctx context.Context) ([]basis.Basis, error) {
	rows, err := db.pool.Query(ctx, `
		select document from basis_counters full_one join bases using (basis_id)
		cross join lateral (
			select state from basis_events e where e.basis_id = bases.basis_id order by seq desc limit 1) last
		where full_one.day = $1 and taken = most and last.state in ('ACTIVE', 'PAUSED')
			and not exists (select from basis_uses u where u.basis_id = bases.basis_id and not settled)
		limit $2`, inAll, settleMost)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (basis.Basis, error) {
		var document []byte
		if err := row.Scan(&document); err != nil {
			return basis.Basis{}, err
		}
		return basis.Read(document)
	})
	return found, explain(err)
}

// UsesOfBasis is how many uses of a basis were taken, in all; 0 where none is counted.
func (db *DB) UsesOfBasis(ctx context.Context, id string) (taken int, err error) {
	err = db.pool.QueryRow(ctx, "select coalesce(sum(taken), 0) from basis_counters where basis_id = $1 and day = $2", id, inAll).Scan(&taken)
	return taken, explain(err)
}
