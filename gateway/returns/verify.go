package returns

import (
	"context"
	"encoding/hex"
	"errors"

	"kapok/crypto/keys"
	"kapok/gateway"
)

// errUnverifiable says that a delivery is not one that can be read back whole.
var errUnverifiable = gateway.Fail(gateway.Conflict, "return-not-whole",
	"Only a full delivery whose rows stand can be read back: an incremental one is joined with its base.")

// Stood is a row read back, with its person's reference.
type Stood struct {
	Kept
	SubjectRef string
}

// ReadBack reads what stands in a delivery's table in the order of its files and lines,
// some at a time, with the wrapped keys of the persons.
type ReadBack interface {
	Standing(ctx context.Context, d Delivery, set *Dataset, read func(row *Stood, key keys.WrappedKey) error) error
}

// Verify decrypts all that stands in a full delivery's table and returns its content's
// digest, which is the report's: nothing is missing, twice, moved or changed.
func (i *Importer) Verify(ctx context.Context, id string) (string, error) {
	delivery, err := i.Store.Delivery(ctx, id)
	if err != nil {
		return "", err
	}
	set, err := i.Dataset(delivery.Manifest.Dataset)
	if err != nil {
		return "", err
	}
	if delivery.Manifest.Kind != Full || delivery.State == Destroyed || delivery.State == Refused || delivery.State == Received {
		return "", errUnverifiable
	}
	reader, able := i.Store.(ReadBack)
	if !able {
		return "", errors.New("returns: the store cannot be read back")
	}
	generation, err := openKey(ctx, i.Store, i.Persons, GenerationKey, GenerationOwner(delivery.Generation))
	if err != nil {
		return "", err
	}
	defer generation.Forget()
	content, err := newContent(nil)
	if err != nil {
		return "", err
	}
	var scratch []byte
	err = reader.Standing(ctx, delivery, set, func(row *Stood, wrapped keys.WrappedKey) error {
		own, err := i.Persons.Open(ctx, DataKey, row.SubjectRef, wrapped)
		if err != nil {
			return err
		}
		defer own.Forget()
		values, err := openRow(set, own.Join(generation, nil), &row.Kept)
		if err != nil {
			return err
		}
		scratch = canonical(scratch[:0], MarkUpsert[0], values)
		content.Write(scratch)
		return nil
	})
	return hex.EncodeToString(content.Sum(nil)), err
}
