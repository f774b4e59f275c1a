package postgres

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/gateway"
	"kapok/gateway/returns"
)

// Returns keeps what is returned in batches: deliveries with their events, landings,
// and the rows, one table of the schema "returned" for each delivery. It implements
// [returns.Store] and [returns.Served].
type Returns struct {
	db    *DB
	known sync.Map // load → *returns.Delivery: what never changes of it; grows with the deliveries served
}

// Returns is the store of returned data.
func (db *DB) Returns() *Returns { return &Returns{db: db} }

// PersonKey finds a wrapped key: see [DB.PersonKey].
func (r *Returns) PersonKey(ctx context.Context, owner string, use keys.Use) (keys.WrappedKey, error) {
	return r.db.PersonKey(ctx, owner, use)
}

const selectDelivery = `
	select d.delivery, d.load, d.generation, d.manifest, d.signature, d.key_id, d.system, d.received_at,
		e.state, e.at, e.actor, e.detail
	from return_deliveries d
	cross join lateral (
		select state, at, actor, detail from return_events where return_events.delivery = d.delivery order by seq desc limit 1
	) e `

// eventDetail is what an event holds besides its state.
type eventDetail struct {
	Report   *returns.Report   `json:"report,omitempty"`
	Findings *returns.Findings `json:"findings,omitempty"`
	Reason   string            `json:"reason,omitempty"`
}

func scanDelivery(row pgx.CollectableRow) (returns.Delivery, error) {
	var d returns.Delivery
	var detail []byte
	err := row.Scan(&d.ID, &d.Load, &d.Generation, &d.Document, &d.Signature, &d.KeyID, &d.System, &d.Received,
		&d.State, &d.Since, &d.Actor, &detail)
	if err != nil {
		return d, err
	}
	var told eventDetail
	if err := json.Unmarshal(detail, &told); err != nil {
		return d, err
	}
	d.Report, d.Findings = told.Report, told.Findings
	return d, json.Unmarshal(d.Document, &d.Manifest)
}

// rowsQuerier is a transaction or the pool.
type rowsQuerier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func readDelivery(ctx context.Context, from rowsQuerier, id string) (returns.Delivery, error) {
	rows, err := from.Query(ctx, selectDelivery+"where d.delivery = $1", id)
	if err != nil {
		return returns.Delivery{}, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanDelivery)
	return found, orUnknown(err, deliveryUnknown())
}

func deliveryUnknown() error {
	return gateway.Fail(gateway.NotFound, "return-unknown", "There is no such delivery.")
}

// Delivery finds a delivery; NotFound, return-unknown.
func (r *Returns) Delivery(ctx context.Context, id string) (returns.Delivery, error) {
	found, err := readDelivery(ctx, r.db.pool, id)
	return found, explain(err)
}

// Deliveries lists those of a dataset, the latest first; of every dataset with "".
func (r *Returns) Deliveries(ctx context.Context, dataset string, limit int) ([]returns.Delivery, error) {
	rows, err := r.db.pool.Query(ctx, selectDelivery+"where $1 = '' or d.dataset = $1 order by d.load desc limit $2", dataset, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanDelivery)
	return found, explain(err)
}

// Expired lists the deliveries whose rows, or files, are kept past their time.
func (r *Returns) Expired(ctx context.Context, now time.Time) ([]returns.Delivery, error) {
	rows, err := r.db.pool.Query(ctx, selectDelivery+"where e.state in ('received', 'reconciled', 'published', 'superseded', 'rolled-back') order by d.load")
	if err != nil {
		return nil, explain(err)
	}
	all, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil {
		return nil, explain(err)
	}
	var expired []returns.Delivery
	for _, one := range all {
		if !now.Before(one.Manifest.KeepUntil) {
			expired = append(expired, one)
		}
	}
	return expired, nil
}

// lockDataset makes those who change a dataset take turns, and returns which delivery
// is in force, "" for none.
func lockDataset(ctx context.Context, tx pgx.Tx, dataset string) (current string, err error) {
	if _, err := tx.Exec(ctx, "insert into return_datasets (dataset) values ($1) on conflict do nothing", dataset); err != nil {
		return "", err
	}
	err = tx.QueryRow(ctx, "select coalesce(current, '') from return_datasets where dataset = $1 for update", dataset).Scan(&current)
	return current, err
}

// enter adds an event. Its time is never before that of the event before it, also when
// the clock was set back.
func enter(ctx context.Context, tx pgx.Tx, id string, state returns.State, actor string, at time.Time, detail eventDetail) error {
	encoded, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	done, err := tx.Exec(ctx, `
		insert into return_events (delivery, seq, state, at, actor, detail)
		select $1, coalesce(max(seq), 0) + 1, $2, greatest($3, max(at)), $4, $5 from return_events where delivery = $1
		on conflict do nothing`, id, string(state), at, actor, encoded)
	if err == nil && done.RowsAffected() == 0 {
		return errAgain
	}
	return err
}
