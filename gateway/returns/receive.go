package returns

import (
	"context"
	"log/slog"
	"time"

	"kapok/catalog"
	"kapok/crypto/jose"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway"
)

// Config holds what an [Importer] is built from; every part but Tables and Sealed is required.
type Config struct {
	Catalog   func() *catalog.Catalog // the one in force
	Store     Store
	People    People
	Persons   *keys.Persons
	Providers Providers
	Verifier  *sm.Verifier
	Now       func() time.Time
	Log       *slog.Logger

	// Tables opens the view that a dataset is pulled from. Nil: nothing is pulled here.
	Tables func(d *Dataset) (Table, error)

	// Sealed waits until the ledger holds a pending entry. Nil where no node runs here
	// that could seal it: another does.
	Sealed func(ctx context.Context, pendingID string) error
}

// Importer takes in deliveries. It is safe for concurrent use, on any number of nodes.
type Importer struct{ Config }

// New makes an importer.
func New(c Config) *Importer { return &Importer{c} }

// Dataset finds a dataset of the return list; NotFound, dataset-unknown.
func (i *Importer) Dataset(code string) (*Dataset, error) {
	directory := i.Catalog()
	item, known := directory.Item(code)
	connection, served := directory.Connection(code)
	if !known || !served || connection.Protocol != Protocol || !item.ReturnList {
		return nil, gateway.Fail(gateway.NotFound, "dataset-unknown", "The catalogue's return list holds no such dataset.")
	}
	return NewDataset(item, connection.Settings)
}

// Receive takes in a manifest with its signature: it is the provider's, for a dataset
// of the return list, and follows the last. The same manifest again finds the same
// delivery.
func (i *Importer) Receive(ctx context.Context, document []byte, signature, actor string) (Delivery, string, error) {
	m, err := ParseManifest(document)
	if err != nil {
		return Delivery{}, "", err
	}
	if m.Pulled != nil {
		return Delivery{}, "", manifestInvalid("/pulled", "is a provider's, and says nothing of a pull")
	}
	dataset, err := i.Dataset(m.Dataset)
	if err != nil {
		return Delivery{}, "", err
	}
	system, keyID, err := i.signer(ctx, document, signature, dataset)
	if err != nil {
		return Delivery{}, "", err
	}
	if err := dataset.Fits(m); err != nil {
		return Delivery{}, "", err
	}
	now := i.Now()
	if err := timesFit(m, now); err != nil {
		return Delivery{}, "", err
	}
	announced := Delivery{
		ID: ID(document), Document: document, Manifest: m, Signature: signature,
		KeyID: keyID, System: system, Received: now, Actor: actor, State: Received,
	}
	announced.Generation = announced.ID
	offered, err := i.offer(announced)
	if err != nil {
		return Delivery{}, "", err
	}
	return i.Store.Announce(ctx, announced, offered)
}

// signer verifies that the dataset's provider signed.
func (i *Importer) signer(ctx context.Context, document []byte, signature string, d *Dataset) (system, keyID string, err error) {
	keyID, err = jose.VerifyDetached(document, signature, ManifestType, i.Verifier, d.Item.Provider, func(kid string) (*sm.PublicKey, error) {
		var public *sm.PublicKey
		system, public, err = i.Providers.ProviderKey(ctx, kid)
		return public, err
	})
	if err != nil {
		return "", "", err
	}
	signing, known := i.Catalog().System(system)
	if !known || signing.Department != d.Item.Provider {
		return "", "", gateway.Fail(gateway.Forbidden, "return-not-provider", "The manifest is signed by a system that is not the dataset's provider's.")
	}
	return system, keyID, nil
}

// maxSkew is how far a provider's clock may run ahead of ours.
const maxSkew = 5 * time.Minute

func timesFit(m Manifest, now time.Time) error {
	if m.Created.After(now.Add(maxSkew)) {
		failure := gateway.Fail(gateway.Invalid, "return-clock", "The manifest was made more than 5 minutes after this server's time: a clock is wrong.")
		failure.Field = "/created"
		return failure
	}
	if !m.KeepUntil.After(now) {
		failure := gateway.Fail(gateway.Invalid, "return-ended", "The time for which the data may be kept has ended.")
		failure.Field = "/keep_until"
		return failure
	}
	return nil
}

// offer makes the keys that a delivery needs where there are none yet.
func (i *Importer) offer(d Delivery) (map[keys.Use]keys.WrappedKey, error) {
	offered := map[keys.Use]keys.WrappedKey{}
	for use, owner := range map[keys.Use]string{GenerationKey: GenerationOwner(d.ID), IndexKey: IndexOwner(d.Manifest.Dataset)} {
		wrapped, key, err := i.Persons.Create(use, owner)
		if err != nil {
			return nil, err
		}
		key.Forget()
		offered[use] = wrapped
	}
	return offered, nil
}

// openKey opens a key that was kept.
func openKey(ctx context.Context, store KeyStore, opener Opener, use keys.Use, owner string) (*keys.PersonKey, error) {
	wrapped, err := store.PersonKey(ctx, owner, use)
	if err != nil {
		return nil, err
	}
	if wrapped == nil {
		return nil, keys.ErrDestroyed
	}
	return opener.Open(ctx, use, owner, wrapped)
}
