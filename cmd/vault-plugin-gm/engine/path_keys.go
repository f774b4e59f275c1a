package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

func (b *backend) keyPaths() []*framework.Path {
	name := framework.GenericNameRegex("name")
	fields := func(more map[string]*framework.FieldSchema) map[string]*framework.FieldSchema {
		if more == nil {
			more = map[string]*framework.FieldSchema{}
		}
		more["name"] = nameField("key")
		return more
	}
	return []*framework.Path{{
		Pattern:      "keys/?$",
		Operations:   map[logical.Operation]framework.OperationHandler{logical.ListOperation: listOf(keyPrefix)},
		HelpSynopsis: "List the names of the keys.",
	}, {
		Pattern: "keys/" + name,
		Fields: fields(map[string]*framework.FieldSchema{
			"kind": {Type: framework.TypeString, Default: string(kindSigning), AllowedValues: []any{string(kindSeal), string(kindSigning)}, Description: "seal or signing. An authority is made at authorities/<name>/root."},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: serve(b.createKey),
			logical.ReadOperation:   serve(b.readKey),
			logical.DeleteOperation: serve(b.deleteKey),
		},
		HelpSynopsis: "Create a key, read its public part, delete it when its configuration allows that.",
	}, {
		Pattern:      "keys/" + name + "/rotate",
		Fields:       fields(nil),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.rotateKey)},
		HelpSynopsis: "Add a version that signs from now on; older ones still verify.",
	}, {
		Pattern: "keys/" + name + "/config",
		Fields: fields(map[string]*framework.FieldSchema{
			"min_version":      {Type: framework.TypeInt, Description: "Versions below this neither sign nor verify; tidy destroys them."},
			"deletion_allowed": {Type: framework.TypeBool, Description: "Whether the key may be deleted."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.configureKey)},
		HelpSynopsis: "Set min_version and deletion_allowed.",
	}, {
		Pattern: "keys/" + name + "/request",
		Fields: fields(map[string]*framework.FieldSchema{
			"common_name": {Type: framework.TypeString, Required: true, Description: "The name in the request."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.requestForKey)},
		HelpSynopsis: "Make a PKCS#10 request for the latest version, for an authority here or elsewhere.",
	}, {
		Pattern: "public/" + name,
		Fields: fields(map[string]*framework.FieldSchema{
			"version": {Type: framework.TypeInt, Description: "Which version; default the latest."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.ReadOperation: serve(b.readPublic)},
		HelpSynopsis: "Export the public key of one version. Nothing else is exported.",
	}}
}

func (b *backend) createKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name, wanted := data.Get("name").(string), kind(data.Get("kind").(string))
	if wanted != kindSeal && wanted != kindSigning {
		return nil, refuse("kind is seal or signing")
	}
	defer b.lock(name)()
	_, err := loadKey(ctx, req.Storage, name)
	if err == nil {
		return nil, refuse("a key of this name is there already")
	}
	if !errors.Is(err, notFound) {
		return nil, err
	}
	record, err := newKeyRecord(wanted)
	if err != nil {
		return nil, err
	}
	return describe(name, record), record.store(ctx, req.Storage, name)
}

func (b *backend) readKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	record, err := loadKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	return describe(name, record), nil
}

func describe(name string, record *keyRecord) map[string]any {
	listed := map[string]any{}
	for number, version := range record.Versions {
		listed[strconv.Itoa(number)] = map[string]any{"public_key": hex.EncodeToString(version.Public), "created": rfc3339(version.Created)}
	}
	return map[string]any{
		"name": name, "kind": string(record.Kind), "latest_version": record.latest(),
		"min_version": record.MinVersion, "deletion_allowed": record.DeletionAllowed, "versions": listed,
	}
}

func (b *backend) deleteKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	defer b.lock(name)()
	record, err := loadKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	if !record.DeletionAllowed {
		return nil, refuse("the key's configuration does not allow deletion")
	}
	if err := req.Storage.Delete(ctx, keyPrefix+name); err != nil {
		return nil, err
	}
	return nil, req.Storage.Delete(ctx, authorityPrefix+name) // no such entry is no error
}

func (b *backend) rotateKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	return b.changeKey(ctx, req, data, func(record *keyRecord) error {
		if record.Kind == kindAuthority {
			return refuse("an authority's key is bound to its certificate; make a new authority")
		}
		return record.add()
	})
}

func (b *backend) configureKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	return b.changeKey(ctx, req, data, func(record *keyRecord) error {
		if allowed, ok := data.GetOk("deletion_allowed"); ok {
			record.DeletionAllowed = allowed.(bool)
		}
		lowest, ok := data.GetOk("min_version")
		if !ok {
			return nil
		}
		if lowest.(int) < record.MinVersion || lowest.(int) > record.latest() {
			return refuse("min_version lies between its present value and the latest version")
		}
		record.MinVersion = lowest.(int)
		return nil
	})
}

func (b *backend) changeKey(ctx context.Context, req *logical.Request, data *framework.FieldData, change func(*keyRecord) error) (map[string]any, error) {
	name := data.Get("name").(string)
	defer b.lock(name)()
	record, err := loadKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	if err := change(record); err != nil {
		return nil, err
	}
	return describe(name, record), record.store(ctx, req.Storage, name)
}

func (b *backend) requestForKey(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	record, err := loadKey(ctx, req.Storage, data.Get("name").(string))
	if err != nil {
		return nil, err
	}
	_, version, err := record.version(0)
	if err != nil {
		return nil, err
	}
	key, err := sm.ParsePrivateKey(version.Secret)
	if err != nil {
		return nil, err
	}
	der, err := pki.NewSigningRequest(ctx, key, data.Get("common_name").(string))
	if err != nil {
		return nil, err
	}
	return map[string]any{"request": requestPEM(der)}, nil
}

func (b *backend) readPublic(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	record, err := loadKey(ctx, req.Storage, data.Get("name").(string))
	if err != nil {
		return nil, err
	}
	number, version, err := record.version(data.Get("version").(int))
	if err != nil {
		return nil, err
	}
	return map[string]any{"version": number, "public_key": hex.EncodeToString(version.Public)}, nil
}
