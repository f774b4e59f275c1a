package engine

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
)

const (
	backdate        = time.Minute // certificates begin this much before they are made: clocks differ
	longestRootLife = 30 * 365 * 24 * time.Hour
)

func (b *backend) authorityPaths() []*framework.Path {
	pattern := "authorities/" + framework.GenericNameRegex("name")
	field := func(more map[string]*framework.FieldSchema) map[string]*framework.FieldSchema {
		if more == nil {
			more = map[string]*framework.FieldSchema{}
		}
		more["name"] = nameField("authority")
		return more
	}
	commonName := &framework.FieldSchema{Type: framework.TypeString, Required: true, Description: "The name in the certificate."}
	return []*framework.Path{{
		Pattern:      "authorities/?$",
		Operations:   map[logical.Operation]framework.OperationHandler{logical.ListOperation: listOf(authorityPrefix)},
		HelpSynopsis: "List the authorities.",
	}, {
		Pattern:      pattern,
		Fields:       field(nil),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.ReadOperation: serve(b.readAuthority)},
		HelpSynopsis: "Read an authority's certificate and chain.",
	}, {
		Pattern: pattern + "/root",
		Fields: field(map[string]*framework.FieldSchema{
			"common_name": commonName,
			"ttl":         {Type: framework.TypeDurationSecond, Default: 10 * 365 * 24 * 3600, Description: "How long the root lives; default ten years."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.makeRoot)},
		HelpSynopsis: "Make an authority with a self-signed root.",
	}, {
		Pattern:      pattern + "/request",
		Fields:       field(map[string]*framework.FieldSchema{"common_name": commonName}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.requestAuthority)},
		HelpSynopsis: "Make an authority that another one is to certify; returns its PKCS#10 request.",
	}, {
		Pattern: pattern + "/certificate",
		Fields: field(map[string]*framework.FieldSchema{
			"chain": {Type: framework.TypeString, Required: true, Description: "PEM: the authority's certificate first, its root last."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.installCertificate)},
		HelpSynopsis: "Give an authority the certificate that another one made for it.",
	}, {
		Pattern: pattern + "/revoke",
		Fields: field(map[string]*framework.FieldSchema{
			"serial": {Type: framework.TypeString, Required: true, Description: "The certificate's serial number, hexadecimal."},
			"reason": {Type: framework.TypeInt, Description: "Reason code of RFC 5280, 5.3.1; default 0."},
		}),
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.revoke)},
		HelpSynopsis: "Revoke a certificate that this authority has issued.",
	}, {
		Pattern: pattern + "/crl",
		Fields: field(map[string]*framework.FieldSchema{
			"ttl": {Type: framework.TypeDurationSecond, Default: 7 * 24 * 3600, Description: "How long the list is in force; default seven days."},
		}),
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.ReadOperation:   serve(b.readList),
			logical.UpdateOperation: serve(b.signList),
		},
		HelpSynopsis: "Read the latest revocation list, or sign a new one.",
	}}
}

func (b *backend) readAuthority(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	var record authorityRecord
	if err := load(ctx, req.Storage, authorityPrefix+data.Get("name").(string), &record); err != nil {
		return nil, err
	}
	if len(record.Chain) == 0 {
		return map[string]any{"certificate": "", "chain": ""}, nil
	}
	return map[string]any{"certificate": certificatesPEM(record.Chain[0]), "chain": certificatesPEM(record.Chain...)}, nil
}

func (b *backend) makeRoot(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	life := time.Duration(data.Get("ttl").(int)) * time.Second
	if life <= 0 || life > longestRootLife {
		return nil, refuse("ttl lies between one second and thirty years")
	}
	if err := checkName(data.Get("common_name").(string)); err != nil {
		return nil, err
	}
	defer b.lock(name)()
	key, err := newAuthorityKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	from := time.Now().Add(-backdate)
	root, err := pki.NewRoot(ctx, key, data.Get("common_name").(string), from, from.Add(life))
	if err != nil {
		return nil, err
	}
	record := authorityRecord{Chain: [][]byte{root}}
	return map[string]any{"certificate": certificatesPEM(root)}, store(ctx, req.Storage, authorityPrefix+name, record)
}

func (b *backend) requestAuthority(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	if err := checkName(data.Get("common_name").(string)); err != nil {
		return nil, err
	}
	defer b.lock(name)()
	key, err := newAuthorityKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	der, err := pki.NewSigningRequest(ctx, key, data.Get("common_name").(string))
	if err != nil {
		return nil, err
	}
	return map[string]any{"request": requestPEM(der)}, store(ctx, req.Storage, authorityPrefix+name, authorityRecord{})
}

// installCertificate takes a chain only when it leads from this authority's own
// key to the root at its end.
func (b *backend) installCertificate(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	name := data.Get("name").(string)
	chain, err := certificatesDER(data.Get("chain").(string))
	if err != nil {
		return nil, err
	}
	defer b.lock(name)()
	var record authorityRecord
	if err := load(ctx, req.Storage, authorityPrefix+name, &record); err != nil {
		return nil, err
	}
	key, err := authorityKey(ctx, req.Storage, name)
	if err != nil {
		return nil, err
	}
	public, err := chain[0].PublicKey()
	if err != nil || !public.Equal(key.Public()) {
		return nil, refuse("the first certificate is not for this authority's key")
	}
	if err := chain[0].RequireUsage(pki.Authority); err != nil {
		return nil, refuse("the first certificate is not an authority's")
	}
	last := chain[len(chain)-1:]
	if err := pki.VerifyChain(b.verifier, caller(req), chain[0], chain[1:], last, time.Now()); err != nil {
		return nil, refuse("the chain does not lead to the root at its end")
	}
	record.Chain = nil
	for _, certificate := range chain {
		record.Chain = append(record.Chain, certificate.Raw)
	}
	return nil, store(ctx, req.Storage, authorityPrefix+name, record)
}

func checkName(name string) error {
	if runes := len([]rune(name)); runes == 0 || runes > 64 {
		return refuse("a name has 1 to 64 characters")
	}
	return nil
}
