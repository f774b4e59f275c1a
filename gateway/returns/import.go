package returns

import (
	"context"
	"io/fs"
	"time"

	"kapok/gateway"
)

// Import lands, checks and reconciles a delivery whose files are at hand. It goes on
// where an earlier one was interrupted. tell hears of the progress; it must not wait.
// A delivery that breaks a rule comes back Refused, with its findings; that is not an
// error.
func (i *Importer) Import(ctx context.Context, id string, files fs.FS, actor string, tell func(Progress)) (Delivery, error) {
	delivery, err := i.Store.Delivery(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	dataset, err := i.Dataset(delivery.Manifest.Dataset)
	if err != nil {
		return Delivery{}, err
	}
	if err := dataset.Fits(delivery.Manifest); err != nil {
		return Delivery{}, err
	}
	err = i.Store.Alone(ctx, dataset.Code, func(ctx context.Context) error {
		// Somebody may have finished it in between.
		if delivery, err = i.Store.Delivery(ctx, id); err != nil || delivery.State != Received {
			return err
		}
		return i.land(ctx, delivery, dataset, files, actor, tell)
	})
	if err != nil {
		return Delivery{}, err
	}
	return i.Store.Delivery(ctx, id)
}

func (i *Importer) land(ctx context.Context, delivery Delivery, d *Dataset, files fs.FS, actor string, tell func(Progress)) error {
	from, err := i.Store.Begin(ctx, delivery, d)
	if err != nil {
		return err
	}
	opened, err := i.secrets(ctx, delivery)
	if err != nil {
		return err
	}
	defer opened.generation.Forget()
	began := time.Now()
	l := &landing{
		delivery: delivery, dataset: d, files: files, rows: i.Store, people: i.People, tell: tell,
		sealer: newSealer(d, delivery.ID, i.Persons, opened),
	}
	landed, err := l.run(ctx, from)
	if err != nil {
		return err
	}
	if l.findings.any() {
		_, err := i.Store.Refuse(ctx, delivery.ID, l.findings, actor, i.Now())
		return err
	}
	return i.settle(ctx, delivery, d, landed, actor, began)
}

func (i *Importer) settle(ctx context.Context, delivery Delivery, d *Dataset, landed Progress, actor string, began time.Time) error {
	report, findings, err := i.Store.Settle(ctx, delivery, d, landed)
	if err != nil {
		return err
	}
	if findings.any() {
		_, err := i.Store.Refuse(ctx, delivery.ID, findings, actor, i.Now())
		return err
	}
	report.LandedFor = time.Since(began).Round(time.Millisecond).String()
	_, err = i.Store.Reconciled(ctx, delivery.ID, report, actor, i.Now())
	return err
}

func (i *Importer) secrets(ctx context.Context, delivery Delivery) (secrets, error) {
	index, err := openKey(ctx, i.Store, i.Persons, IndexKey, IndexOwner(delivery.Manifest.Dataset))
	if err != nil {
		return secrets{}, err
	}
	generation, err := openKey(ctx, i.Store, i.Persons, GenerationKey, GenerationOwner(delivery.Generation))
	return secrets{index: index, generation: generation}, err
}

func reasonMissing() error {
	failure := gateway.Fail(gateway.Invalid, "field-missing", "A reason is needed.")
	failure.Field = "/reason"
	return failure
}
