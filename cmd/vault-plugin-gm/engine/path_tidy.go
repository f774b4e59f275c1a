package engine

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func (b *backend) tidyPaths() []*framework.Path {
	return []*framework.Path{{
		Pattern: "tidy",
		Fields: map[string]*framework.FieldSchema{
			"safety": {Type: framework.TypeDurationSecond, Default: 72 * 3600, Description: "How long a certificate's record stays after its end; default 72 h."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.tidy)},
		HelpSynopsis: "Forget certificates that have ended, and destroy key versions below min_version. " +
			"A destroyed version cannot be had back.",
	}}
}

func (b *backend) tidy(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	before := time.Now().Add(-time.Duration(data.Get("safety").(int)) * time.Second)
	forgotten, err := b.forgetEnded(ctx, req.Storage, before)
	if err != nil {
		return nil, err
	}
	destroyed, err := b.destroyOldVersions(ctx, req.Storage)
	if err != nil {
		return nil, err
	}
	return map[string]any{"certificates_forgotten": forgotten, "versions_destroyed": destroyed}, nil
}

func (b *backend) forgetEnded(ctx context.Context, storage logical.Storage, before time.Time) (int, error) {
	authorities, err := storage.List(ctx, authorityPrefix)
	if err != nil {
		return 0, err
	}
	forgotten := 0
	for _, name := range authorities {
		err := eachIssued(ctx, storage, name, func(serial string, record issuedRecord) error {
			if !record.NotAfter.Before(before) {
				return nil
			}
			forgotten++
			return storage.Delete(ctx, issuedPath(name, serial))
		})
		if err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

func (b *backend) destroyOldVersions(ctx context.Context, storage logical.Storage) (int, error) {
	names, err := storage.List(ctx, keyPrefix)
	if err != nil {
		return 0, err
	}
	destroyed := 0
	for _, name := range names {
		count, err := b.destroyBelowMin(ctx, storage, name)
		if err != nil {
			return destroyed, err
		}
		destroyed += count
	}
	return destroyed, nil
}

func (b *backend) destroyBelowMin(ctx context.Context, storage logical.Storage, name string) (int, error) {
	defer b.lock(name)()
	record, err := loadKey(ctx, storage, name)
	if err != nil {
		return 0, err
	}
	destroyed := 0
	for version := range record.Versions {
		if version < record.MinVersion {
			delete(record.Versions, version)
			destroyed++
		}
	}
	if destroyed == 0 {
		return 0, nil
	}
	return destroyed, record.store(ctx, storage, name)
}
