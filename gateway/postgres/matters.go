package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/grants"
)

// asker is a pool or a transaction.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// readMatters reads matters whole, in the order asked for; those that do not exist are
// left out.
func readMatters(ctx context.Context, from asker, ids []string) ([]grants.Matter, error) {
	rows, err := from.Query(ctx, `
		select matter_id, kind, applicant, subject_ref, provider, item, about, filed_at
		from unnest($1::text[]) with ordinality as asked (matter_id, position) join matters using (matter_id)
		order by position`, ids)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (grants.Matter, error) {
		var m grants.Matter
		err := row.Scan(&m.ID, &m.Kind, &m.Applicant, &m.Subject, &m.Provider, &m.Item, &m.About, &m.FiledAt)
		return m, err
	})
	if err != nil {
		return nil, err
	}
	at := map[string]*grants.Matter{}
	for i := range found {
		at[found[i].ID] = &found[i]
	}
	if err := readEvents(ctx, from, ids, at); err != nil {
		return nil, err
	}
	return found, readClocks(ctx, from, ids, at)
}

func readEvents(ctx context.Context, from asker, ids []string, at map[string]*grants.Matter) error {
	rows, err := from.Query(ctx, `
		select matter_id, seq, event, state, at, side, actor, person, department, reason_code, reason, document
		from matter_events where matter_id = any($1) order by matter_id, seq`, ids)
	if err != nil {
		return err
	}
	var id string
	var e grants.Happened
	var document []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &e.Seq, &e.Event, &e.State, &e.At, &e.Side, &e.By.Ref, &e.By.SubjectRef,
		&e.By.Department, &e.ReasonCode, &e.Reason, &document}, func() error {
		m := at[id]
		e.Document = json.RawMessage(append([]byte(nil), document...))
		m.Events, m.State = append(m.Events, e), e.State
		if len(document) > 0 && (e.Seq == 1 || e.Event == grants.Complete) {
			m.Document = e.Document
		}
		document = nil
		return nil
	})
	return err
}

func readClocks(ctx context.Context, from asker, ids []string, at map[string]*grants.Matter) error {
	rows, err := from.Query(ctx, `
		select matter_id, name, owes, law, days, used, counted, due, state, late, rung, rings
		from matter_clocks where matter_id = any($1) order by matter_id, counted, name`, ids)
	if err != nil {
		return err
	}
	var id string
	var c grants.Clock
	var due, rings *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &c.Name, &c.Owes, &c.Law, &c.Days, &c.Used, &c.From, &due, &c.State, &c.Late, &c.Rung, &rings}, func() error {
		c.Due, c.Rings = momentOf(due), momentOf(rings)
		at[id].Clocks = append(at[id].Clocks, c)
		return nil
	})
	return err
}

func momentOf(moment *time.Time) time.Time {
	if moment == nil {
		return time.Time{}
	}
	return *moment
}

func jsonOrNull(document json.RawMessage) any {
	if len(document) == 0 {
		return nil
	}
	return document
}

func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

func matterUnknown() *gateway.Error {
	return gateway.Fail(gateway.NotFound, "matter-unknown", "There is no such matter, or it is not yours.")
}
