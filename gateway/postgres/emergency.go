package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/ledger"
)

// StopAtOnce stops a department, a system, an item or a source on every node, by one
// person of the bureau. What is stopped already is a Conflict, stop-open.
func (db *DB) StopAtOnce(ctx context.Context, s grants.EmergencyStop, by grants.StopHand) (pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		var open bool
		if err := tx.QueryRow(ctx, `
			select exists (select from emergency_stops s where kind = $1 and target = $2 and not exists (
				select from emergency_stop_events e where e.stop_id = s.stop_id and e.event = 'reopened'))`, s.Kind, s.Target).Scan(&open); err != nil {
			return err
		}
		if open {
			return gateway.Fail(gateway.Conflict, "stop-open", "It is stopped already.")
		}
		if _, err := tx.Exec(ctx, "insert into emergency_stops (stop_id, kind, target, stopped_at) values ($1, $2, $3, $4)", s.ID, s.Kind, s.Target, by.At); err != nil {
			return err
		}
		if err := addHand(ctx, tx, s.ID, 1, by); err != nil {
			return err
		}
		if pending, err = pendEntry(ctx, tx, s.Entry(by), ""); err != nil {
			return err
		}
		return stopEverywhere(ctx, tx, ledger.Stop{Kind: s.Kind, ID: s.Target})
	})
	return pending, err
}

// Reopen adds a hand to a reopening: the first proposes it, the second, another's, ends
// the stop on every node. judge says which it is, or why not.
func (db *DB) Reopen(ctx context.Context, id string, judge func(grants.EmergencyStop) (grants.StopHand, error)) (s grants.EmergencyStop, pending string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		found, err := readStops(ctx, tx, "where s.stop_id = $1", id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return gateway.Fail(gateway.NotFound, "stop-unknown", "There is no such emergency stop.")
		}
		s = found[0]
		hand, err := judge(s)
		if err != nil {
			return err
		}
		if err := addHand(ctx, tx, id, len(s.Hands)+1, hand); err != nil {
			return err
		}
		s.Hands = append(s.Hands, hand)
		if pending, err = pendEntry(ctx, tx, s.Entry(hand), ""); err != nil || hand.Event != grants.Reopened {
			return err
		}
		return liftEverywhere(ctx, tx, ledger.Stop{Kind: s.Kind, ID: s.Target})
	})
	return s, pending, err
}

func addHand(ctx context.Context, tx pgx.Tx, id string, seq int, h grants.StopHand) error {
	done, err := tx.Exec(ctx, `
		insert into emergency_stop_events (stop_id, seq, event, at, actor, person, reason) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict do nothing`, id, seq, h.Event, h.At, h.By.Ref, h.By.SubjectRef, h.Reason)
	if err == nil && done.RowsAffected() == 0 {
		return errAgain
	}
	return err
}

// EmergencyStops lists the latest stops, up to limit; those that were reopened too.
func (db *DB) EmergencyStops(ctx context.Context, limit int) ([]grants.EmergencyStop, error) {
	found, err := readStops(ctx, db.pool, "where s.stop_id in (select stop_id from emergency_stops order by stopped_at desc limit $1)", limit)
	return found, explain(err)
}

func readStops(ctx context.Context, from asker, where string, arg any) ([]grants.EmergencyStop, error) {
	rows, err := from.Query(ctx, `
		select s.stop_id, s.kind, s.target, e.event, e.at, e.actor, e.person, e.reason
		from emergency_stops s join emergency_stop_events e using (stop_id) `+where+`
		order by s.stopped_at desc, s.stop_id, e.seq`, arg)
	if err != nil {
		return nil, err
	}
	var found []grants.EmergencyStop
	var s grants.EmergencyStop
	var h grants.StopHand
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&s.ID, &s.Kind, &s.Target, &h.Event, &at, &h.By.Ref, &h.By.SubjectRef, &h.Reason}, func() error {
		h.At = at
		if len(found) == 0 || found[len(found)-1].ID != s.ID {
			found = append(found, grants.EmergencyStop{ID: s.ID, Kind: s.Kind, Target: s.Target})
		}
		last := &found[len(found)-1]
		last.Hands = append(last.Hands, h)
		return nil
	})
	return found, err
}
