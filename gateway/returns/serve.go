package returns

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kapok/connectors"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// Kept is a row as it stands in the version in force.
type Kept struct {
	Row
	Delivery Delivery // that brought it
}

// Served reads what is in force.
type Served interface {
	KeyStore
	// InForce returns the delivery in force of a dataset and its rows about a person, at
	// one moment. A nil delivery: nothing is in force.
	InForce(ctx context.Context, d *Dataset, subjectRef string) (*Delivery, []Kept, error)
}

// Subjects knows people by a random reference.
type Subjects interface {
	SubjectRef(ctx context.Context, identity gateway.Identity) (string, error)
}

// Connector serves one dataset as a source of the one path. It implements
// [connectors.Connector].
type Connector struct {
	dataset  *Dataset
	served   Served
	subjects Subjects
	opener   Opener
	now      func() time.Time
}

// NewConnector makes the source of a dataset.
func NewConnector(d *Dataset, served Served, subjects Subjects, opener Opener, now func() time.Time) *Connector {
	return &Connector{dataset: d, served: served, subjects: subjects, opener: opener, now: now}
}

// Fetch answers with the rows about the person, decrypted. Where each was delivered
// is the answer's Origin; a value that was moved does not open.
func (c *Connector) Fetch(ctx context.Context, q connectors.Query) (connectors.Answer, error) {
	if q.Subject.Type != c.dataset.IDType {
		return connectors.Answer{}, nil
	}
	ref, err := c.subjects.SubjectRef(ctx, q.Subject)
	if err != nil {
		return connectors.Answer{}, fault(ctx, err)
	}
	force, rows, err := c.served.InForce(ctx, c.dataset, ref)
	if err != nil {
		return connectors.Answer{}, fault(ctx, err)
	}
	if force == nil {
		return connectors.Answer{}, fmt.Errorf("%w: no version of the dataset is in force", connectors.ErrUnavailable)
	}
	if !c.now().Before(force.Manifest.KeepUntil) {
		return connectors.Answer{}, fmt.Errorf("%w: the time for which the version in force may be kept has ended", connectors.ErrRefused)
	}
	return c.answer(ctx, ref, force, rows)
}

func (c *Connector) answer(ctx context.Context, ref string, force *Delivery, rows []Kept) (connectors.Answer, error) {
	answer := connectors.Answer{AsOf: force.Manifest.AsOf.UTC()}
	if len(rows) == 0 {
		return answer, nil
	}
	own, err := openKey(ctx, c.served, c.opener, DataKey, ref)
	if errors.Is(err, keys.ErrDestroyed) {
		return answer, nil // the person's data was erased
	}
	if err != nil {
		return connectors.Answer{}, fault(ctx, err)
	}
	defer own.Forget()
	digest := sm.NewHash()
	for i := range rows {
		record, values, err := c.open(ctx, own, &rows[i])
		if err != nil {
			return connectors.Answer{}, err
		}
		answer.Records = append(answer.Records, record)
		digest.Write(canonical(nil, MarkUpsert[0], values))
	}
	digest.Sum(answer.BodyDigest[:0])
	answer.Origin = rows[0].origin()
	return answer, nil
}

// open decrypts a row's personal columns.
func (c *Connector) open(ctx context.Context, own *keys.PersonKey, row *Kept) (connectors.Record, []string, error) {
	generation, err := openKey(ctx, c.served, c.opener, GenerationKey, GenerationOwner(row.Delivery.Generation))
	if err != nil {
		return nil, nil, fault(ctx, err)
	}
	defer generation.Forget()
	key := own.Join(generation, nil)
	defer key.Forget()
	values, err := openRow(c.dataset, key, row)
	if err != nil {
		return nil, nil, err
	}
	record := connectors.Record{}
	for i, column := range c.dataset.Columns {
		record[column.Source] = values[i]
	}
	return record, values, nil
}

// openRow returns a row's values in the order of the dataset's columns.
func openRow(d *Dataset, key *keys.PersonKey, row *Kept) ([]string, error) {
	values := append([]string{}, row.Plain...)
	bound := place(nil, d.Code, row.Delivery.ID, row.File, row.Line)
	for i, column := range d.Columns[len(row.Plain):] {
		opened, err := key.Open(row.Sealed[i], append(bound[:len(bound):len(bound)], column.Name...))
		if err != nil {
			return nil, fmt.Errorf("%w: a sealed value was changed or moved", connectors.ErrGarbage)
		}
		values = append(values, string(opened))
	}
	return values, nil
}

// origin is how lineage stands in an answer and in the ledger: see [ParseOrigin].
func (k *Kept) origin() string {
	return k.Delivery.ID + "/" + strconv.Itoa(int(k.File)) + ":" + strconv.FormatInt(k.Line, 10)
}

// ParseOrigin reads where a value was delivered, as the ledger keeps it: the delivery,
// the file's place in its manifest, the line.
func ParseOrigin(text string) (delivery string, file int, line int64, err error) {
	delivery, rest, one := strings.Cut(text, "/")
	before, after, two := strings.Cut(rest, ":")
	file, errFile := strconv.Atoi(before)
	line, errLine := strconv.ParseInt(after, 10, 64)
	if raw, errID := hex.DecodeString(delivery); !one || !two || errID != nil || len(raw) != 16 || errFile != nil || errLine != nil || file < 0 || line < 1 {
		return "", 0, 0, gateway.Fail(gateway.Invalid, "lineage-invalid", "This is not the lineage of returned data.")
	}
	return delivery, file, line, nil
}

// Lineage reads where a value was delivered.
func (i *Importer) Lineage(ctx context.Context, origin string) (Lineage, error) {
	id, file, line, err := ParseOrigin(origin)
	if err != nil {
		return Lineage{}, err
	}
	delivery, err := i.Store.Delivery(ctx, id)
	if err != nil {
		return Lineage{}, err
	}
	if file >= len(delivery.Manifest.Files) {
		return Lineage{}, gateway.Fail(gateway.Invalid, "lineage-invalid", "The delivery has no such file.")
	}
	digest := sm.Sum(delivery.Document)
	return Lineage{
		Dataset: delivery.Manifest.Dataset, Version: delivery.Manifest.Version, Delivery: id,
		Manifest: hex.EncodeToString(digest[:]), File: delivery.Manifest.Files[file].Name, Line: line,
	}, nil
}

// fault says in a connector's words what failed here.
func fault(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: the store of returned data did not answer", connectors.ErrTimeout)
	}
	return fmt.Errorf("%w: the store of returned data: %w", connectors.ErrUnavailable, err)
}
