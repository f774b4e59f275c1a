package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/returns"
)

// Announce takes in a manifest: see [returns.Deliveries].
func (r *Returns) Announce(ctx context.Context, announced returns.Delivery, offered map[keys.Use]keys.WrappedKey) (found returns.Delivery, pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		pendingID = ""
		current, err := lockDataset(ctx, tx, announced.Manifest.Dataset)
		if err != nil {
			return err
		}
		found, err = readDelivery(ctx, tx, announced.ID)
		if err == nil || gateway.AsError(err).Kind != gateway.NotFound {
			return err
		}
		if err := follows(ctx, tx, &announced, current); err != nil {
			return err
		}
		if err := writeDelivery(ctx, tx, announced, offered); err != nil {
			return err
		}
		if pendingID, err = pendEntry(ctx, tx, returnEntry("return-received", announced, announced.Actor, announced.Received), ""); err != nil {
			return err
		}
		found, err = readDelivery(ctx, tx, announced.ID)
		return err
	})
	return found, pendingID, err
}

// follows holds a manifest against the deliveries before it, and gives an incremental
// one the generation of its base.
func follows(ctx context.Context, tx pgx.Tx, announced *returns.Delivery, current string) error {
	m := announced.Manifest
	last, err := lastDelivery(ctx, tx, m.Dataset)
	if err != nil {
		return err
	}
	if m.Version != last.Manifest.Version+1 {
		return conflict("return-version", "/version", fmt.Sprintf("The version does not follow the last: %d is next.", last.Manifest.Version+1))
	}
	if m.Created.Before(last.Manifest.Created) {
		return conflict("return-clock", "/created", "The manifest was made before that of the version before: a clock was set back.")
	}
	if m.Kind == returns.Full {
		return nil
	}
	if current == "" {
		return conflict("return-base", "/base", "Nothing is in force that an incremental delivery could change.")
	}
	base, err := readDelivery(ctx, tx, current)
	if err != nil {
		return err
	}
	if base.Manifest.Version != m.Base {
		return conflict("return-base", "/base", fmt.Sprintf("The base is not the version in force, which is %d.", base.Manifest.Version))
	}
	if until := base.Manifest.End(); !until.Equal(m.Watermark.From) {
		return conflict("return-watermark", "/watermark/from", "The watermark does not begin where that of the base ended: changes would be lost or come twice.")
	}
	announced.Generation = base.Generation
	return nil
}

func conflict(code, field, says string) error {
	failure := gateway.Fail(gateway.Conflict, code, says)
	failure.Field = field
	return failure
}

// lastDelivery is the one of the highest version that was not refused; the zero value
// where there is none.
func lastDelivery(ctx context.Context, tx pgx.Tx, dataset string) (returns.Delivery, error) {
	rows, err := tx.Query(ctx, selectDelivery+"where d.dataset = $1 and e.state <> 'refused' order by d.version desc limit 1", dataset)
	if err != nil {
		return returns.Delivery{}, err
	}
	found, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil || len(found) == 0 {
		return returns.Delivery{}, err
	}
	return found[0], nil
}

func writeDelivery(ctx context.Context, tx pgx.Tx, d returns.Delivery, offered map[keys.Use]keys.WrappedKey) error {
	_, err := tx.Exec(ctx, `
		insert into return_deliveries (delivery, dataset, version, generation, manifest, signature, key_id, system, received_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		d.ID, d.Manifest.Dataset, d.Manifest.Version, d.Generation, d.Document, d.Signature, d.KeyID, d.System, d.Received)
	if err != nil {
		return err
	}
	for use, owner := range map[keys.Use]string{
		returns.IndexKey: returns.IndexOwner(d.Manifest.Dataset), returns.GenerationKey: returns.GenerationOwner(d.Generation),
	} {
		if _, err := tx.Exec(ctx, "insert into person_keys (owner, use, wrapped) values ($1, $2, $3) on conflict do nothing",
			owner, string(use), []byte(offered[use])); err != nil {
			return err
		}
	}
	return enter(ctx, tx, d.ID, returns.Received, d.Actor, d.Received, eventDetail{})
}

// returnEntry is what the ledger keeps of each change.
func returnEntry(kind ledger.Kind, d returns.Delivery, actor string, at time.Time, more ...ledger.Field) ledger.Entry {
	manifest := sm.Sum(d.Document)
	fields := []ledger.Field{
		{Name: "item", Value: fmt.Sprintf("%s@%d", d.Manifest.Dataset, d.Manifest.ItemVersion)},
		{Name: "version", Value: strconv.Itoa(d.Manifest.Version)},
		{Name: "delivery", Value: d.ID},
		{Name: "manifest", Value: hex.EncodeToString(manifest[:])},
		{Name: "system", Value: d.System},
		{Name: "key", Value: d.KeyID},
		{Name: "rows", Value: strconv.FormatInt(d.Manifest.Rows(), 10)},
		{Name: "actor", Value: actor},
	}
	return ledger.Entry{Kind: kind, Ref: d.ID, At: at, Fields: append(fields, more...)}
}

// become moves a delivery on, under its dataset's lock.
func become(ctx context.Context, tx pgx.Tx, id string, state returns.State) (d returns.Delivery, current string, err error) {
	if d, err = readDelivery(ctx, tx, id); err != nil {
		return d, "", err
	}
	if current, err = lockDataset(ctx, tx, d.Manifest.Dataset); err != nil {
		return d, "", err
	}
	if d, err = readDelivery(ctx, tx, id); err != nil { // as it is under the lock
		return d, "", err
	}
	return d, current, d.State.CanBecome(state)
}

// Refuse ends a delivery that breaks rules: see [returns.Deliveries].
func (r *Returns) Refuse(ctx context.Context, id string, found returns.Findings, actor string, at time.Time) (pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		d, _, err := become(ctx, tx, id, returns.Refused)
		if err != nil {
			return err
		}
		if _, err := dropRows(ctx, tx, d); err != nil {
			return err
		}
		if err := enter(ctx, tx, id, returns.Refused, actor, at, eventDetail{Findings: &found}); err != nil {
			return err
		}
		count := strconv.FormatInt(int64(len(found.List))+found.More, 10)
		pendingID, err = pendEntry(ctx, tx, returnEntry("return-refused", d, actor, at,
			ledger.Field{Name: "findings", Value: count}, ledger.Field{Name: "code", Value: found.List[0].Rule}), "")
		return err
	})
	return pendingID, err
}

// Reconciled notes what reconciliation found: see [returns.Deliveries].
func (r *Returns) Reconciled(ctx context.Context, id string, report returns.Report, actor string, at time.Time) (pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		d, _, err := become(ctx, tx, id, returns.Reconciled)
		if err != nil {
			return err
		}
		if err := forgetLanding(ctx, tx, id); err != nil {
			return err
		}
		if err := enter(ctx, tx, id, returns.Reconciled, actor, at, eventDetail{Report: &report}); err != nil {
			return err
		}
		pendingID, err = pendEntry(ctx, tx, returnEntry("return-reconciled", d, actor, at, contentField(report)), "")
		return err
	})
	return pendingID, err
}

func contentField(report returns.Report) ledger.Field {
	return ledger.Field{Name: "content", Value: report.Content}
}

// publishReturn puts a reconciled delivery in force in the place of the one before, at
// once. One that was reconciled against another than the one in force is a Conflict,
// return-base-moved.
func publishReturn(ctx context.Context, tx pgx.Tx, id string, order returns.Order, at time.Time) (pendingID string, err error) {
	d, current, err := become(ctx, tx, id, returns.Published)
	if err != nil {
		return "", err
	}
	if d.State != returns.Reconciled || d.Report == nil || d.Report.Base != current {
		return "", conflict("return-base-moved", "", "Another version is in force than the one that this was compared with.")
	}
	if current != "" {
		if err := enter(ctx, tx, current, returns.Superseded, order.Actor, at, eventDetail{Report: nil}); err != nil {
			return "", err
		}
	}
	return putInForce(ctx, tx, d, "return-published", order, at)
}

// putInForce is the one statement by which a version comes into force, with its event
// and its entry.
func putInForce(ctx context.Context, tx pgx.Tx, d returns.Delivery, kind ledger.Kind, order returns.Order, at time.Time) (string, error) {
	if err := noteReturned(ctx, tx, d.Manifest.Dataset, d.Load, at); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, "update return_datasets set current = $2 where dataset = $1", d.Manifest.Dataset, d.ID); err != nil {
		return "", err
	}
	report, err := reportOf(ctx, tx, d.ID)
	if err != nil {
		return "", err
	}
	if err := enter(ctx, tx, d.ID, returns.Published, order.Actor, at, eventDetail{Report: &report, Reason: order.Reason}); err != nil {
		return "", err
	}
	return pendEntry(ctx, tx, returnEntry(kind, d, order.Actor, at, contentField(report),
		ledger.Field{Name: "second", Value: order.Second}, ledger.Field{Name: "reason", Value: order.Reason}), "")
}

// reportOf reads what reconciliation found.
func reportOf(ctx context.Context, tx pgx.Tx, id string) (returns.Report, error) {
	var report returns.Report
	err := tx.QueryRow(ctx, "select detail->'report' from return_events where delivery = $1 and state = 'reconciled' order by seq desc limit 1", id).Scan(&report)
	return report, err
}

// rollBackReturn puts the version before current in its place, under the dataset's lock.
func rollBackReturn(ctx context.Context, tx pgx.Tx, dataset, current string, order returns.Order, at time.Time) (restored returns.Delivery, pendingID string, err error) {
	before, err := versionBefore(ctx, tx, dataset)
	if err != nil {
		return restored, "", err
	}
	if current == "" || before == nil {
		return restored, "", conflict("return-no-version-before", "", "There is no version before the one in force that could be put in its place.")
	}
	if err := enter(ctx, tx, current, returns.RolledBack, order.Actor, at, eventDetail{Reason: order.Reason}); err != nil {
		return restored, "", err
	}
	if pendingID, err = putInForce(ctx, tx, *before, "return-rolled-back", order, at); err != nil {
		return restored, "", err
	}
	restored, err = readDelivery(ctx, tx, before.ID)
	return restored, pendingID, err
}

func versionBefore(ctx context.Context, tx pgx.Tx, dataset string) (*returns.Delivery, error) {
	rows, err := tx.Query(ctx, selectDelivery+"where d.dataset = $1 and e.state = 'superseded' order by d.version desc limit 1", dataset)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// Destroy drops a delivery's rows and keys: see [returns.Deliveries].
func (r *Returns) Destroy(ctx context.Context, id string, order returns.Order, at time.Time) (gone returns.Destruction, pendingID string, err error) {
	err = r.db.inTx(ctx, func(tx pgx.Tx) error {
		gone, err = destroyReturn(ctx, tx, id, order, at)
		return err
	})
	return gone, gone.PendingID, err
}

func destroyReturn(ctx context.Context, tx pgx.Tx, id string, order returns.Order, at time.Time) (gone returns.Destruction, err error) {
	d, current, err := become(ctx, tx, id, returns.Destroyed)
	if err != nil {
		return gone, err
	}
	if d.State == returns.Published && at.Before(d.Manifest.KeepUntil) {
		return gone, conflict("return-in-force", "", "The version is in force, and its time has not ended: roll it back first.")
	}
	if current == id {
		if _, err := tx.Exec(ctx, "update return_datasets set current = null where dataset = $1", d.Manifest.Dataset); err != nil {
			return gone, err
		}
	}
	report, err := reportOf(ctx, tx, id)
	if err != nil {
		return gone, err
	}
	if err := enter(ctx, tx, id, returns.Destroyed, order.Actor, at, eventDetail{Report: &report, Reason: order.Reason}); err != nil {
		return gone, err
	}
	gone = returns.Destruction{Delivery: id, Dataset: d.Manifest.Dataset, Version: d.Manifest.Version, Content: report.Content, Rows: report.Rows, At: at.UTC()}
	if gone.Key, err = dropRows(ctx, tx, d); err != nil {
		return gone, err
	}
	entry := destroyedEntry(d, order, gone, at)
	gone.Manifest = entry.Value("manifest")
	gone.PendingID, err = pendEntry(ctx, tx, entry, "")
	return gone, err
}

func destroyedEntry(d returns.Delivery, order returns.Order, gone returns.Destruction, at time.Time) ledger.Entry {
	return returnEntry("return-destroyed", d, order.Actor, at,
		ledger.Field{Name: "second", Value: order.Second}, ledger.Field{Name: "reason", Value: order.Reason},
		ledger.Field{Name: "content", Value: gone.Content}, ledger.Field{Name: "destroyed-key", Value: gone.Key},
		ledger.Field{Name: "destroyed-rows", Value: strconv.FormatInt(gone.Rows, 10)})
}

// standing are the states in which a delivery's rows, or what was landed of them, stand.
var standing = []string{"received", "reconciled", "published", "superseded", "rolled-back"}

// dropRows drops a delivery's table, and its generation's key when no other delivery
// needs it; the key's SM3 comes back. Call it before the event that ends the delivery
// is seen, or after: the delivery itself does not count.
func dropRows(ctx context.Context, tx pgx.Tx, d returns.Delivery) (key string, err error) {
	if _, err := tx.Exec(ctx, "select returned.drop_load($1)", d.Load); err != nil {
		return "", err
	}
	if err := forgetLanding(ctx, tx, d.ID); err != nil {
		return "", err
	}
	rows, err := tx.Query(ctx, selectDelivery+"where d.generation = $1 and d.delivery <> $2", d.Generation, d.ID)
	if err != nil {
		return "", err
	}
	others, err := pgx.CollectRows(rows, scanDelivery)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(others, func(other returns.Delivery) bool { return slices.Contains(standing, string(other.State)) }) {
		return "", nil
	}
	var wrapped []byte
	err = tx.QueryRow(ctx, "delete from person_keys where owner = $1 and use = $2 returning wrapped",
		returns.GenerationOwner(d.Generation), string(returns.GenerationKey)).Scan(&wrapped)
	if err != nil {
		return "", err
	}
	digest := sm.Sum(wrapped)
	return hex.EncodeToString(digest[:]), nil
}

// forgetLanding drops what only a landing needs: how far it came, and the files.
func forgetLanding(ctx context.Context, tx pgx.Tx, id string) error {
	if _, err := tx.Exec(ctx, "delete from return_progress where delivery = $1", id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "delete from return_pieces where delivery = $1", id)
	return err
}
