package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/locksutil"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/sm"
)

type backend struct {
	*framework.Backend
	verifier *sm.Verifier
	locks    []*locksutil.LockEntry // one of them guards each stored name
}

// Factory makes the engine for one mount. It names no version: Vault then keeps one
// entry for the plugin, and a new build replaces it by its checksum.
func Factory(ctx context.Context, config *logical.BackendConfig) (logical.Backend, error) {
	b := &backend{
		verifier: sm.NewVerifier(sm.VerifierOptions{}),
		locks:    locksutil.CreateLocks(),
	}
	b.Backend = &framework.Backend{
		Help:         strings.TrimSpace(help),
		BackendType:  logical.TypeLogical,
		PathsSpecial: &logical.Paths{SealWrapStorage: []string{keyPrefix}},
		Paths: framework.PathAppend(
			b.keyPaths(), b.signPaths(), b.authorityPaths(), b.rolePaths(), b.tidyPaths(),
		),
	}
	if err := b.Setup(ctx, config); err != nil {
		return nil, err
	}
	return b, nil
}

const help = `
The gm engine keeps SM2 keys, signs with them (SM3 with SM2, GB/T 32918.2) and
issues certificates by role. Private keys cannot be read by anybody.
`

// refusal is an error that is the caller's to mend; Vault answers it with 400.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

const notFound = refusal("there is nothing of this name")

// answer is what a path does: the data of the response, or an error.
type answer func(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error)

// serve turns refusals into responses; nothing else of an error reaches a caller.
func serve(do answer) framework.OperationHandler {
	return &framework.PathOperation{Callback: func(ctx context.Context, req *logical.Request, data *framework.FieldData) (*logical.Response, error) {
		result, err := do(ctx, req, data)
		if errors.Is(err, notFound) && req.Operation == logical.ReadOperation {
			return nil, nil // Vault answers 404
		}
		if refused, ok := errors.AsType[refusal](err); ok {
			return logical.ErrorResponse(refused.Error()), nil
		}
		if err != nil || result == nil {
			return nil, err
		}
		return &logical.Response{Data: result}, nil
	}}
}

// listOf serves the names below a prefix.
func listOf(prefix string) framework.OperationHandler {
	return &framework.PathOperation{Callback: func(ctx context.Context, req *logical.Request, _ *framework.FieldData) (*logical.Response, error) {
		names, err := req.Storage.List(ctx, prefix)
		if err != nil {
			return nil, err
		}
		return logical.ListResponse(names), nil
	}}
}

// lock keeps two changes of one stored name apart; call what it returns.
func (b *backend) lock(name string) (unlock func()) {
	entry := locksutil.LockForKey(b.locks, name)
	entry.Lock()
	return entry.Unlock
}

// load reads the JSON stored under path into value, or fails with [notFound].
func load(ctx context.Context, storage logical.Storage, path string, value any) error {
	entry, err := storage.Get(ctx, path)
	if err != nil {
		return err
	}
	if entry == nil {
		return notFound
	}
	return entry.DecodeJSON(value)
}

func store(ctx context.Context, storage logical.Storage, path string, value any) error {
	entry, err := logical.StorageEntryJSON(path, value)
	if err != nil {
		return err
	}
	return storage.Put(ctx, entry)
}

func nameField(what string) *framework.FieldSchema {
	return &framework.FieldSchema{Type: framework.TypeString, Required: true, Description: "Name of the " + what + "."}
}

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }
