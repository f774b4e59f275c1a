package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/returns"
)

const selectReturnProposal = `select proposal, delivery, act, reason, actor, at, state, second, decided_at from return_proposals `

func scanReturnProposal(row pgx.CollectableRow) (p returns.Proposal, err error) {
	var decided *time.Time
	err = row.Scan(&p.ID, &p.Delivery, &p.Act, &p.Reason, &p.Actor, &p.At, &p.State, &p.Second, &decided)
	if decided != nil {
		p.Decided = *decided
	}
	return p, err
}

// Propose keeps a proposal: see [returns.Proposals].
func (r *Returns) Propose(ctx context.Context, p returns.Proposal) (pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		d, err := readDelivery(ctx, tx, p.Delivery)
		if err != nil {
			return err
		}
		done, err := tx.Exec(ctx, `
			insert into return_proposals (proposal, delivery, act, reason, actor, at, state) values ($1, $2, $3, $4, $5, $6, $7)
			on conflict do nothing`, p.ID, p.Delivery, string(p.Act), p.Reason, p.Actor, p.At, string(p.State))
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return conflict("return-proposed", "", "The same is proposed already and waits for a second person.")
		}
		pendingID, err = pendEntry(ctx, tx, returnProposalEntry("return-proposed", d, p, p.At), "")
		return err
	})
	return pendingID, err
}

func returnProposalEntry(kind ledger.Kind, d returns.Delivery, p returns.Proposal, at time.Time) ledger.Entry {
	return returnEntry(kind, d, p.Actor, at,
		ledger.Field{Name: "act", Value: string(p.Act)}, ledger.Field{Name: "proposal", Value: p.ID},
		ledger.Field{Name: "second", Value: p.Second}, ledger.Field{Name: "reason", Value: p.Reason})
}

// Decide ends a proposal: see [returns.Proposals].
func (r *Returns) Decide(ctx context.Context, d returns.Decision) (p returns.Proposal, pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectReturnProposal+"where proposal = $1 for update", d.ID)
		if err != nil {
			return err
		}
		if p, err = pgx.CollectExactlyOneRow(rows, scanReturnProposal); err != nil {
			return orUnknown(err, gateway.Fail(gateway.NotFound, "return-proposal-unknown", "There is no such proposal."))
		}
		if err := p.Allowed(d); err != nil {
			return err
		}
		p.State, p.Second, p.Decided = d.State, d.Actor, d.At
		if _, err := tx.Exec(ctx, "update return_proposals set state = $3, second = $4, decided_at = $5 where delivery = $1 and proposal = $2",
			p.Delivery, p.ID, string(p.State), p.Second, p.Decided); err != nil {
			return err
		}
		pendingID, err = carryOut(ctx, tx, p)
		return err
	})
	return p, pendingID, err
}

// carryOut does what was confirmed, or notes that it was not.
func carryOut(ctx context.Context, tx pgx.Tx, p returns.Proposal) (string, error) {
	order := returns.Order{Actor: p.Actor, Second: p.Second, Reason: p.Reason}
	acts := map[returns.Act]func(context.Context, pgx.Tx, string, returns.Order, time.Time) (string, error){
		returns.ActPublish: publishReturn, returns.ActRollBack: rollBackFrom, returns.ActDestroy: destroyNow,
	}
	if p.State == returns.Confirmed {
		return acts[p.Act](ctx, tx, p.Delivery, order, p.Decided)
	}
	d, err := readDelivery(ctx, tx, p.Delivery)
	if err != nil {
		return "", err
	}
	return pendEntry(ctx, tx, returnProposalEntry("return-proposal-"+ledger.Kind(p.State), d, p, p.Decided), "")
}

// rollBackFrom takes back the version that was in force when it was proposed, no other.
func rollBackFrom(ctx context.Context, tx pgx.Tx, id string, order returns.Order, at time.Time) (string, error) {
	d, current, err := become(ctx, tx, id, returns.RolledBack)
	if err != nil {
		return "", err
	}
	_, pendingID, err := rollBackReturn(ctx, tx, d.Manifest.Dataset, current, order, at)
	return pendingID, err
}

func destroyNow(ctx context.Context, tx pgx.Tx, id string, order returns.Order, at time.Time) (string, error) {
	gone, err := destroyReturn(ctx, tx, id, order, at)
	return gone.PendingID, err
}

// Proposals lists them, the latest first.
func (r *Returns) Proposals(ctx context.Context, limit int) ([]returns.Proposal, error) {
	rows, err := r.db.pool.Query(ctx, selectReturnProposal+"order by at desc, proposal limit $1", limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanReturnProposal)
	return found, explain(err)
}

// Apply keeps an application: see [returns.Applications].
func (r *Returns) Apply(ctx context.Context, a returns.Application) (pendingID string, err error) {
	document, err := json.Marshal(a)
	if err != nil {
		return "", err
	}
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "insert into return_applications (application, dataset, document, actor, applied_at) values ($1, $2, $3, $4, $5)",
			a.ID, a.Dataset, document, a.Actor, a.At)
		if err != nil {
			return err
		}
		pendingID, err = pendEntry(ctx, tx, ledger.Entry{Kind: "return-applied", Ref: a.ID, At: a.At, Fields: []ledger.Field{
			{Name: "item", Value: a.Dataset}, {Name: "actor", Value: a.Actor}, {Name: "reason", Value: a.Purpose},
		}}, "")
		return err
	})
	return pendingID, err
}

// Applications lists them, the latest first, each with the first delivery since.
func (r *Returns) Applications(ctx context.Context, limit int) ([]returns.Application, error) {
	rows, err := r.db.pool.Query(ctx, `
		select a.application, a.dataset, a.document, a.actor, a.applied_at, coalesce((
			select d.delivery from return_deliveries d where d.dataset = a.dataset and d.received_at >= a.applied_at order by d.version limit 1), '')
		from return_applications a order by a.applied_at desc, a.application limit $1`, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a returns.Application, err error) {
		var id, dataset, actor, delivered string
		var at time.Time
		err = row.Scan(&id, &dataset, &a, &actor, &at, &delivered)
		a.ID, a.Dataset, a.Actor, a.At, a.Delivered = id, dataset, actor, at, delivered
		return a, err
	})
	return found, explain(err)
}
