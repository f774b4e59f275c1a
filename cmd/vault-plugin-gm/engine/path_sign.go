package engine

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/sm"
)

func (b *backend) signPaths() []*framework.Path {
	name := framework.GenericNameRegex("name")
	fields := func() map[string]*framework.FieldSchema {
		return map[string]*framework.FieldSchema{
			"name":        nameField("key"),
			"input":       {Type: framework.TypeString, Description: "The message, base64; it is hashed with the default identifier (e = SM3(ZA ‖ message))."},
			"digest":      {Type: framework.TypeString, Description: "Instead of input: e itself, 32 bytes, base64."},
			"signature":   {Type: framework.TypeString, Description: "For verify: the signature, base64."},
			"encoding":    {Type: framework.TypeString, Default: "der", AllowedValues: []any{"der", "raw"}, Description: "der (GB/T 35276) or raw (r ‖ s)."},
			"key_version": {Type: framework.TypeInt, Description: "Which version; default the latest."},
			"batch_input": {Type: framework.TypeSlice, Description: "Many at once: objects with input or digest, and signature for verify."},
		}
	}
	return []*framework.Path{{
		Pattern:      "sign/" + name,
		Fields:       fields(),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.sign)},
		HelpSynopsis: "Sign a message or digest, or a batch of them. Refused for an authority's key.",
	}, {
		Pattern:      "verify/" + name,
		Fields:       fields(),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.verify)},
		HelpSynopsis: "Verify a signature, or a batch of them.",
	}}
}

func (b *backend) sign(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	number, version, encoding, err := keyForSignatures(ctx, req, data)
	if err != nil {
		return nil, err
	}
	key, err := sm.ParsePrivateKey(version.Secret)
	if err != nil {
		return nil, err
	}
	return eachItem(data, map[string]any{"key_version": number}, func(item item) (map[string]any, error) {
		digest, err := item.digestFor(key.Public())
		if err != nil {
			return nil, err
		}
		signature, err := key.SignDigest(digest, encoding)
		if err != nil {
			return nil, err
		}
		return map[string]any{"signature": base64.StdEncoding.EncodeToString(signature)}, nil
	})
}

func (b *backend) verify(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	number, version, encoding, err := keyForSignatures(ctx, req, data)
	if err != nil {
		return nil, err
	}
	public, err := sm.ParsePublicKey(version.Public)
	if err != nil {
		return nil, err
	}
	return eachItem(data, map[string]any{"key_version": number}, func(item item) (map[string]any, error) {
		digest, err := item.digestFor(public)
		if err != nil {
			return nil, err
		}
		signature, err := base64.StdEncoding.DecodeString(item.signature)
		if err != nil || item.signature == "" {
			return nil, refuse("signature is not base64")
		}
		return verdict(b.verifier.VerifyDigest(caller(req), public, digest, signature, encoding)), nil
	})
}

// verdict says "undecided" where the two libraries differ, or the second one was
// not asked: it is not the word for forged.
func verdict(err error) map[string]any {
	word := "invalid"
	if errors.Is(err, sm.ErrUndecided) {
		word = "undecided"
	}
	if err == nil {
		word = "valid"
	}
	return map[string]any{"valid": err == nil, "verdict": word}
}

// caller names who pays for second opinions.
func caller(req *logical.Request) string {
	if req.EntityID != "" {
		return req.EntityID
	}
	return req.ClientTokenAccessor
}

func keyForSignatures(ctx context.Context, req *logical.Request, data *framework.FieldData) (int, keyVersion, sm.Encoding, error) {
	record, err := loadKey(ctx, req.Storage, data.Get("name").(string))
	if err != nil {
		return 0, keyVersion{}, 0, err
	}
	if record.Kind == kindAuthority {
		return 0, keyVersion{}, 0, refuse("an authority's key signs certificates and revocation lists only")
	}
	encoding, known := encodings[data.Get("encoding").(string)]
	if !known {
		return 0, keyVersion{}, 0, refuse("encoding is der or raw")
	}
	number, version, err := record.version(data.Get("key_version").(int))
	return number, version, encoding, err
}

var encodings = map[string]sm.Encoding{"der": sm.DER, "raw": sm.Raw}
