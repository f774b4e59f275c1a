package engine

import (
	"context"
	"errors"
	"math/big"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
)

const issuedPrefix = "issued/"

// issuedRecord remembers a certificate until it has ended, so that it can be
// revoked.
type issuedRecord struct {
	Name     string     `json:"name"`
	Usage    pki.Usage  `json:"usage"`
	NotAfter time.Time  `json:"not_after"`
	Revoked  time.Time  `json:"revoked,omitzero"`
	Reason   pki.Reason `json:"reason,omitempty"`
}

func issuedPath(authority, serial string) string {
	return issuedPrefix + authority + "/" + serial
}

// reasons are the codes that a person may give; certificate hold and removal
// would make a revocation end again.
var reasons = map[int]bool{0: true, 1: true, 3: true, 4: true, 5: true}

func (b *backend) revoke(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name, reason := data.Get("name").(string), data.Get("reason").(int)
	serial, ok := new(big.Int).SetString(data.Get("serial").(string), 16)
	if !ok || serial.Sign() <= 0 {
		return nil, refuse("serial is not hexadecimal")
	}
	if !reasons[reason] {
		return nil, refuse("reason is one of 0, 1, 3, 4, 5")
	}
	path := issuedPath(name, serial.Text(16))
	defer b.lock(path)()
	var record issuedRecord
	if err := load(ctx, req.Storage, path, &record); err != nil {
		return nil, err
	}
	if record.Revoked.IsZero() {
		record.Revoked, record.Reason = time.Now().UTC().Truncate(time.Second), pki.Reason(reason)
	}
	return map[string]any{"revoked": rfc3339(record.Revoked)}, store(ctx, req.Storage, path, record)
}

func (b *backend) readList(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	var record authorityRecord
	if err := load(ctx, req.Storage, authorityPrefix+data.Get("name").(string), &record); err != nil {
		return nil, err
	}
	if len(record.List) == 0 {
		return nil, notFound
	}
	return map[string]any{"crl": listPEM(record.List), "number": record.ListCount}, nil
}

func (b *backend) signList(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	life := time.Duration(data.Get("ttl").(int)) * time.Second
	if life <= 0 {
		return nil, refuse("ttl is at least one second")
	}
	defer b.lock(name)()
	signer, err := loadAuthority(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	entries, err := revocations(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	record := signer.record
	record.ListCount++
	now := time.Now()
	record.List, err = pki.NewCRL(ctx, signer.certificate, signer.key, pki.Revoked{
		Number: record.ListCount, ThisUpdate: now.Add(-backdate), NextUpdate: now.Add(life), Entries: entries,
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"crl": listPEM(record.List), "number": record.ListCount}, store(ctx, req.Storage, authorityPrefix+name, record)
}

func revocations(ctx context.Context, storage logical.Storage, authority string) ([]pki.Revocation, error) {
	var entries []pki.Revocation
	err := eachIssued(ctx, storage, authority, func(serial string, record issuedRecord) error {
		if record.Revoked.IsZero() {
			return nil
		}
		number, ok := new(big.Int).SetString(serial, 16)
		if !ok {
			return errors.New("a stored serial number is not hexadecimal")
		}
		entries = append(entries, pki.Revocation{Serial: number, At: record.Revoked, Reason: record.Reason})
		return nil
	})
	return entries, err
}

func eachIssued(ctx context.Context, storage logical.Storage, authority string, visit func(serial string, record issuedRecord) error) error {
	serials, err := storage.List(ctx, issuedPrefix+authority+"/")
	if err != nil {
		return err
	}
	for _, serial := range serials {
		var record issuedRecord
		err := load(ctx, storage, issuedPath(authority, serial), &record)
		if errors.Is(err, notFound) {
			continue // tidied meanwhile
		}
		if err != nil {
			return err
		}
		if err := visit(serial, record); err != nil {
			return err
		}
	}
	return nil
}
