package postgres

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/editions"
	"kapok/gateway/ledger"
)

// editionsChannel wakes the nodes that listen; what it says is the kind.
const editionsChannel = "kapok_editions"

// EditionsInForce returns the number in force of each kind; a kind of which none was
// published is missing.
func (db *DB) EditionsInForce(ctx context.Context) (map[string]int64, error) {
	rows, err := db.pool.Query(ctx, "select kind, max(number) from editions group by kind")
	if err != nil {
		return nil, explain(err)
	}
	inForce := map[string]int64{}
	var kind string
	var number int64
	_, err = pgx.ForEachRow(rows, []any{&kind, &number}, func() error {
		inForce[kind] = number
		return nil
	})
	return inForce, explain(err)
}

// Edition reads one edition with its content; NotFound, edition-unknown.
func (db *DB) Edition(ctx context.Context, kind string, number int64) (editions.Edition, error) {
	e := editions.Edition{Kind: kind, Number: number}
	err := db.pool.QueryRow(ctx, `
		select digest, content, proposed_by, confirmed_by, published_at from editions where kind = $1 and number = $2`, kind, number).
		Scan(&e.Digest, &e.Content, &e.ProposedBy, &e.ConfirmedBy, &e.Published)
	return e, orUnknown(err, gateway.Fail(gateway.NotFound, "edition-unknown", "There is no such edition."))
}

// Editions lists the editions of a kind, newest first, without their content.
func (db *DB) Editions(ctx context.Context, kind string) ([]editions.Edition, error) {
	rows, err := db.pool.Query(ctx, `
		select number, digest, proposed_by, confirmed_by, published_at from editions where kind = $1 order by number desc`, kind)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (editions.Edition, error) {
		e := editions.Edition{Kind: kind}
		return e, row.Scan(&e.Number, &e.Digest, &e.ProposedBy, &e.ConfirmedBy, &e.Published)
	})
	return found, explain(err)
}

// BeginEditions publishes the first edition of a kind, from the files that this
// installation starts with. Where one was published before, nothing changes and
// pendingID is "".
func (db *DB) BeginEditions(ctx context.Context, first editions.Edition) (pendingID string, err error) {
	first.Number = 1
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		pendingID = ""
		var begun bool
		if err := tx.QueryRow(ctx, "select exists (select from editions where kind = $1)", first.Kind).Scan(&begun); err != nil || begun {
			return err
		}
		pendingID, err = publishEdition(ctx, tx, first, "")
		return err
	})
	return pendingID, err
}

// publishEdition puts an edition in force on every node, in the caller's transaction:
// its row, its entry for the ledger, its mark in every log. Of two that publish the
// same number at once, the second begins again on what the first one left.
func publishEdition(ctx context.Context, tx pgx.Tx, e editions.Edition, report string) (pendingID string, err error) {
	done, err := tx.Exec(ctx, `
		insert into editions (kind, number, digest, content, proposed_by, confirmed_by, published_at)
		values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
		e.Kind, e.Number, e.Digest, e.Content, e.ProposedBy, e.ConfirmedBy, e.Published)
	if err != nil {
		return "", err
	}
	if done.RowsAffected() == 0 {
		return "", errAgain
	}
	if _, err := tx.Exec(ctx, "select pg_notify($1, $2)", editionsChannel, e.Kind); err != nil {
		return "", err
	}
	pendingID, err = pendEntry(ctx, tx, editionEntry(e, report), "")
	if err != nil {
		return "", err
	}
	return pendingID, publishEverywhere(ctx, tx, e.Kind, e.Number)
}

func editionEntry(e editions.Edition, report string) ledger.Entry {
	return ledger.Entry{Kind: ledger.Kind(e.Kind + "-published"), Ref: gateway.NewRef(), At: e.Published, Fields: []ledger.Field{
		{Name: "number", Value: strconv.FormatInt(e.Number, 10)},
		{Name: "digest", Value: e.Digest},
		{Name: "proposed-by", Value: e.ProposedBy},
		{Name: "confirmed-by", Value: e.ConfirmedBy},
		{Name: "report", Value: report},
	}}
}

// ProposeEdition keeps a proposal until a second person decides it.
func (db *DB) ProposeEdition(ctx context.Context, p editions.Proposal) (id, pendingID string, err error) {
	id = gateway.NewRef()
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into edition_proposals (kind, id, digest, based, content, report, reason, proposed_by, proposed_person, proposed_at, state)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open')`,
			p.Kind, id, p.Digest, p.Based, p.Content, p.Report, p.Reason, p.Proposer.Ref, p.Proposer.SubjectRef, p.ProposedAt); err != nil {
			return err
		}
		pendingID, err = pendEntry(ctx, tx, proposalEntry("proposed", p, id, p.Proposer.Ref, p.ProposedAt), "")
		return err
	})
	return id, pendingID, err
}

func proposalEntry(event string, p editions.Proposal, id, actor string, at time.Time) ledger.Entry {
	return ledger.Entry{Kind: ledger.Kind(p.Kind + "-" + event), Ref: gateway.NewRef(), At: at, Fields: []ledger.Field{
		{Name: "proposal", Value: id},
		{Name: "based", Value: strconv.FormatInt(p.Based, 10)},
		{Name: "digest", Value: p.Digest},
		{Name: "report", Value: p.Report},
		{Name: "actor", Value: actor},
	}}
}

// publicationLock is held by whoever publishes an edition, of whatever kind: what two
// kinds say of each other is judged on what is in force, and nothing comes between.
const publicationLock = 0x6b61706f6b65 // "kapoke"

// ConfirmEdition publishes a proposal: another person than the one who proposed it says
// so, what it was compared with is still in force (else Conflict, edition-outdated), and
// it fits what is in force of the other kinds.
func (db *DB) ConfirmEdition(ctx context.Context, d editions.Decision, fits editions.Fits) (e editions.Edition, pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", publicationLock); err != nil {
			return err
		}
		p, err := decideProposal(ctx, tx, d)
		if err != nil {
			return err
		}
		inForce, err := editionsInForce(ctx, tx)
		if err != nil {
			return err
		}
		if inForce[p.Kind].Number != p.Based {
			failure := gateway.Fail(gateway.Conflict, "edition-outdated", "Another edition was published since this one was compared with what was in force.")
			failure.Remedy = "Plan it again, against the edition in force."
			return failure
		}
		if err := fits(p, inForce); err != nil {
			return err
		}
		e = editions.Edition{
			Kind: p.Kind, Number: p.Based + 1, Digest: p.Digest, Content: p.Content,
			ProposedBy: p.Proposer.Ref, ConfirmedBy: d.By.Ref, Published: d.At,
		}
		pendingID, err = publishEdition(ctx, tx, e, p.Report)
		return err
	})
	return e, pendingID, err
}

func editionsInForce(ctx context.Context, tx pgx.Tx) (map[string]editions.InForce, error) {
	rows, err := tx.Query(ctx, "select distinct on (kind) kind, number, content from editions order by kind, number desc")
	if err != nil {
		return nil, err
	}
	found := map[string]editions.InForce{}
	var kind string
	var one editions.InForce
	_, err = pgx.ForEachRow(rows, []any{&kind, &one.Number, &one.Content}, func() error {
		found[kind] = editions.InForce{Number: one.Number, Content: slices.Clone(one.Content)}
		return nil
	})
	return found, err
}

// CloseProposal ends a proposal without publishing it: it is rejected, or withdrawn.
func (db *DB) CloseProposal(ctx context.Context, d editions.Decision) (pendingID string, err error) {
	err = db.inTx(ctx, func(tx pgx.Tx) error {
		p, err := decideProposal(ctx, tx, d)
		if err != nil {
			return err
		}
		pendingID, err = pendEntry(ctx, tx, proposalEntry(string(d.To), p, p.ID, d.By.Ref, d.At), "")
		return err
	})
	return pendingID, err
}

// decideProposal locks a proposal, so that one person decides it, once.
func decideProposal(ctx context.Context, tx pgx.Tx, d editions.Decision) (editions.Proposal, error) {
	p, err := scanProposal(tx.QueryRow(ctx, selectProposal+"where kind = $1 and id = $2 for update", d.Kind, d.ID))
	if err != nil {
		return p, orUnknown(err, proposalUnknown())
	}
	if err := p.Decide(d.By, d.To); err != nil {
		return p, err
	}
	_, err = tx.Exec(ctx, "update edition_proposals set state = $3, decided_by = $4, decided_person = $5, decided_at = $6, decided_reason = $7 where kind = $1 and id = $2",
		d.Kind, d.ID, string(d.To), d.By.Ref, d.By.SubjectRef, d.At, d.Reason)
	return p, err
}

const selectProposal = `select kind, id, digest, based, content, report, reason, proposed_by, proposed_person, proposed_at, state, decided_by,
	coalesce(decided_at, '0001-01-01Z'), decided_reason from edition_proposals `

func scanProposal(row pgx.Row) (p editions.Proposal, err error) {
	err = row.Scan(&p.Kind, &p.ID, &p.Digest, &p.Based, &p.Content, &p.Report, &p.Reason, &p.Proposer.Ref, &p.Proposer.SubjectRef, &p.ProposedAt, &p.State, &p.DecidedBy, &p.DecidedAt, &p.Because)
	return p, err
}

// Proposal reads one proposal with its content; NotFound, proposal-unknown.
func (db *DB) Proposal(ctx context.Context, id string) (editions.Proposal, error) {
	p, err := scanProposal(db.pool.QueryRow(ctx, selectProposal+"where id = $1", id))
	return p, orUnknown(err, proposalUnknown())
}

// Proposals lists the latest proposals of a kind ("": of all), the newest first; open
// leaves out what was decided.
func (db *DB) Proposals(ctx context.Context, kind string, open bool, limit int) ([]editions.Proposal, error) {
	rows, err := db.pool.Query(ctx, selectProposal+`
		where ($1 = '' or kind = $1) and (state = 'open' or not $2) order by proposed_at desc, id limit $3`, kind, open, limit)
	if err != nil {
		return nil, explain(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (editions.Proposal, error) { return scanProposal(row) })
	return found, explain(err)
}

func proposalUnknown() *gateway.Error {
	return gateway.Fail(gateway.NotFound, "proposal-unknown", "There is no such proposal.")
}

// ListenEditions calls wake when an edition was published anywhere, until ctx ends or
// the connection is lost. It holds a connection of its own.
func (db *DB) ListenEditions(ctx context.Context, wake func()) error {
	conn, err := pgx.ConnectConfig(ctx, db.pool.Config().ConnConfig)
	if err != nil {
		return explain(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is lost with it
	if _, err := conn.Exec(ctx, "listen "+editionsChannel); err != nil {
		return explain(err)
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return errors.Join(ctx.Err(), err)
		}
		wake()
	}
}
