package engine

import (
	"context"
	"path"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
)

const rolePrefix = "role/"

// roleRecord bounds what may be issued under a role's name.
type roleRecord struct {
	Authority    string        `json:"authority"`
	Usage        pki.Usage     `json:"usage"`
	MaxLife      time.Duration `json:"max_ttl"`
	Names        []string      `json:"allowed_names"` // patterns of path.Match
	Organization string        `json:"organization"`
}

// longestLives bounds each usage, whatever a role says.
var longestLives = map[pki.Usage]time.Duration{
	pki.Operational: pki.MaxOperational,
	pki.Department:  3 * 365 * 24 * time.Hour,
	pki.Seal:        5 * 365 * 24 * time.Hour,
}

func (b *backend) rolePaths() []*framework.Path {
	name := framework.GenericNameRegex("name")
	return []*framework.Path{{
		Pattern:      "roles/?$",
		Operations:   map[logical.Operation]framework.OperationHandler{logical.ListOperation: listOf(rolePrefix)},
		HelpSynopsis: "List the roles.",
	}, {
		Pattern: "roles/" + name,
		Fields: map[string]*framework.FieldSchema{
			"name":          nameField("role"),
			"authority":     {Type: framework.TypeString, Required: true, Description: "Which authority issues."},
			"usage":         {Type: framework.TypeString, Required: true, Description: "operational, department or seal."},
			"max_ttl":       {Type: framework.TypeDurationSecond, Required: true, Description: "Longest life: at most 24 h for operational, 3 years for department, 5 years for seal."},
			"allowed_names": {Type: framework.TypeCommaStringSlice, Required: true, Description: "Patterns (as of a shell) for the common name."},
			"organization":  {Type: framework.TypeString, Description: "The organisation in the certificate."},
		},
		Operations: map[logical.Operation]framework.OperationHandler{
			logical.UpdateOperation: serve(b.writeRole),
			logical.ReadOperation:   serve(b.readRole),
			logical.DeleteOperation: serve(b.deleteRole),
		},
		HelpSynopsis: "Say what may be issued under a role.",
	}, {
		Pattern: "issue/" + name,
		Fields: map[string]*framework.FieldSchema{
			"name":        nameField("role"),
			"csr":         {Type: framework.TypeString, Required: true, Description: "PKCS#10, PEM or base64 of DER. Its signature proves the key; only the key is taken from it."},
			"common_name": {Type: framework.TypeString, Required: true, Description: "The name in the certificate."},
			"ttl":         {Type: framework.TypeDurationSecond, Description: "The life asked for; default and bound is the role's max_ttl."},
		},
		Operations:   map[logical.Operation]framework.OperationHandler{logical.UpdateOperation: serve(b.issue)},
		HelpSynopsis: "Issue a certificate under a role.",
	}}
}

func (b *backend) writeRole(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	role := roleRecord{
		Authority:    data.Get("authority").(string),
		Usage:        pki.Usage(data.Get("usage").(string)),
		MaxLife:      time.Duration(data.Get("max_ttl").(int)) * time.Second,
		Names:        data.Get("allowed_names").([]string),
		Organization: data.Get("organization").(string),
	}
	longest, known := longestLives[role.Usage]
	if !known {
		return nil, refuse("usage is operational, department or seal")
	}
	if role.MaxLife <= 0 || role.MaxLife > longest {
		return nil, refuse("max_ttl lies between one second and %v for this usage", longest)
	}
	if len(role.Names) == 0 {
		return nil, refuse("allowed_names is empty")
	}
	for _, pattern := range role.Names {
		if _, err := path.Match(pattern, ""); err != nil {
			return nil, refuse("a pattern of allowed_names is not well formed")
		}
	}
	if _, err := loadAuthority(ctx, req.Storage, role.Authority); err != nil {
		return nil, err
	}
	return nil, store(ctx, req.Storage, rolePrefix+data.Get("name").(string), role)
}

func (b *backend) readRole(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	var role roleRecord
	if err := load(ctx, req.Storage, rolePrefix+data.Get("name").(string), &role); err != nil {
		return nil, err
	}
	return map[string]any{
		"authority": role.Authority, "usage": string(role.Usage), "max_ttl": int(role.MaxLife.Seconds()),
		"allowed_names": role.Names, "organization": role.Organization,
	}, nil
}

func (b *backend) deleteRole(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	return nil, req.Storage.Delete(ctx, rolePrefix+data.Get("name").(string))
}

// allows reports whether name fits one of the role's patterns.
func (r roleRecord) allows(name string) bool {
	for _, pattern := range r.Names {
		if fits, err := path.Match(pattern, name); err == nil && fits {
			return true
		}
	}
	return false
}
