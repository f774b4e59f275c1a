package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/grants"
	"kapok/gateway/ledger"
	"kapok/policies"
)

func issueGrant(ctx context.Context, tx pgx.Tx, change grants.Change) error {
	g := change.Issue
	if g == nil {
		return nil
	}
	document, err := json.Marshal(g.Grant)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into grants (grant_id, matter_id, department, provider, system, item, document, issued_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		g.ID, g.Matter, g.Department, g.Provider, g.System, g.Item, document, g.IssuedAt, g.Expires); err != nil {
		return err
	}
	by := change.New[len(change.New)-1].By
	return addGrantEvent(ctx, tx, 1, *g, grants.GrantAct{Event: grants.Issue, By: by, At: g.IssuedAt})
}

// replaceGrant stops the grant in whose place another came: a narrower one, or its
// renewal. One that was ended before stays as it ended.
func replaceGrant(ctx context.Context, tx pgx.Tx, change grants.Change) error {
	if change.Replaces == "" {
		return nil
	}
	last := change.New[len(change.New)-1]
	g, seq, err := readGrant(ctx, tx, change.Replaces)
	if err != nil {
		return err
	}
	if g.State == grants.Revoked || g.State == grants.Superseded {
		return nil
	}
	act := grants.GrantAct{Grant: g.ID, Event: grants.Supersede, By: last.By, Reason: last.Reason, At: change.Entry.At}
	if g.State, err = g.State.After(act.Event); err != nil {
		return err
	}
	if err := addGrantEvent(ctx, tx, seq+1, g, act); err != nil {
		return err
	}
	if _, err := pendEntry(ctx, tx, grants.GrantEntry(g, act), ""); err != nil {
		return err
	}
	return stopEverywhere(ctx, tx, ledger.Stop{Kind: "grant", ID: g.ID})
}

// ActOnGrant suspends, resumes or ends a grant: its event, the stop in every log and
// its entry are one transaction, so that it bites on the next use on every node.
func (w *Workflow) ActOnGrant(ctx context.Context, act grants.GrantAct, allowed func(grants.Grant) error) (g grants.Grant, pending string, err error) {
	err = w.inTx(ctx, func(tx pgx.Tx) error {
		var seq int
		if g, seq, err = readGrant(ctx, tx, act.Grant); err != nil {
			return err
		}
		if err := allowed(g); err != nil {
			return err
		}
		if g.State, err = g.State.After(act.Event); err != nil {
			return err
		}
		if err := addGrantEvent(ctx, tx, seq+1, g, act); err != nil {
			return err
		}
		if pending, err = pendEntry(ctx, tx, grants.GrantEntry(g, act), ""); err != nil {
			return err
		}
		stop := ledger.Stop{Kind: "grant", ID: g.ID}
		if act.Event == grants.Resume {
			return liftEverywhere(ctx, tx, stop)
		}
		return stopEverywhere(ctx, tx, stop)
	})
	return g, pending, err
}

func addGrantEvent(ctx context.Context, tx pgx.Tx, seq int, g grants.Grant, act grants.GrantAct) error {
	done, err := tx.Exec(ctx, `
		insert into grant_events (grant_id, seq, event, state, at, actor, reason_code, reason)
		values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
		g.ID, seq, act.Event, g.State, act.At, act.By.Ref, act.ReasonCode, act.Reason)
	if err == nil && done.RowsAffected() == 0 {
		return errAgain
	}
	return err
}

const grantColumns = `
	select g.document, g.provider, g.matter_id, g.issued_at, last.state, last.seq
	from grants g join lateral (
		select state, seq from grant_events e where e.grant_id = g.grant_id order by seq desc limit 1) last on true `

type grantRow struct {
	grants.Grant
	seq int
}

func scanGrant(row pgx.CollectableRow) (grantRow, error) {
	var r grantRow
	var document []byte
	if err := row.Scan(&document, &r.Provider, &r.Matter, &r.IssuedAt, &r.State, &r.seq); err != nil {
		return grantRow{}, err
	}
	return r, json.Unmarshal(document, &r.Grant.Grant)
}

func readGrant(ctx context.Context, from asker, id string) (grants.Grant, int, error) {
	rows, err := from.Query(ctx, grantColumns+"where g.grant_id = $1", id)
	if err != nil {
		return grants.Grant{}, 0, err
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanGrant)
	if err != nil {
		return grants.Grant{}, 0, orUnknown(err, gateway.Fail(gateway.NotFound, "grant-unknown", "There is no such grant, or it is not yours."))
	}
	return found.Grant, found.seq, nil
}

// Grant reads one grant; NotFound, grant-unknown.
func (w *Workflow) Grant(ctx context.Context, id string) (grants.Grant, error) {
	g, _, err := readGrant(ctx, w.pool, id)
	return g, explain(err)
}

// Grants lists grants, newest first, limit at a time.
func (w *Workflow) Grants(ctx context.Context, f grants.Filter, after string, limit int) (page []grants.Grant, next string, err error) {
	rows, err := w.pool.Query(ctx, grantColumns+`
		where ($1 = '' or g.department = $1) and ($2 = '' or g.provider = $2) and ($3 = '' or g.department = $3 or g.provider = $3)
			and ($4 = '' or (g.issued_at, g.grant_id) < (select issued_at, grant_id from grants where grant_id = $4))
		order by g.issued_at desc, g.grant_id desc limit $5`, f.Applicant, f.Provider, f.Either, after, limit+1)
	if err != nil {
		return nil, "", explain(err)
	}
	found, err := pgx.CollectRows(rows, scanGrant)
	if err != nil {
		return nil, "", explain(err)
	}
	if len(found) > limit {
		found, next = found[:limit], found[limit-1].ID
	}
	for _, row := range found {
		page = append(page, row.Grant)
	}
	return page, next, nil
}

// InForce finds the grants of a system over an item that the workflow issued and that
// were not ended. Suspended ones come last: their stop, not their absence, refuses.
func (db *DB) InForce(ctx context.Context, system, item string) ([]*policies.Grant, error) {
	return db.grantsInForce(ctx, "and g.system = $2 and g.item = $3", time.Now(), system, item)
}

// AllInForce finds the grants of everybody, as [DB.InForce] does of one.
func (db *DB) AllInForce(ctx context.Context) ([]*policies.Grant, error) {
	return db.grantsInForce(ctx, "", time.Now())
}

func (db *DB) grantsInForce(ctx context.Context, which string, args ...any) ([]*policies.Grant, error) {
	rows, err := db.pool.Query(ctx, grantColumns+`
		where last.state in ('ACTIVE', 'SUSPENDED') and g.expires_at > $1 `+which+`
		order by last.state, g.issued_at desc, g.grant_id`, args...)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, scanGrant)
	if err != nil {
		return nil, explain(err)
	}
	out := make([]*policies.Grant, len(found))
	for i := range found {
		out[i] = &found[i].Grant.Grant
	}
	return out, nil
}

// GrantChanges counts what ever befell grants: another number means that the index of
// those in force is outdated.
func (db *DB) GrantChanges(ctx context.Context) (count int64, err error) {
	err = db.pool.QueryRow(ctx, "select count(*) from grant_events").Scan(&count)
	return count, explain(err)
}
