package engine

import (
	"context"
	"time"

	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

func (b *backend) issue(ctx context.Context, req *logical.Request, data *framework.FieldData) (map[string]any, error) {
	var role roleRecord
	if err := load(ctx, req.Storage, rolePrefix+data.Get("name").(string), &role); err != nil {
		return nil, err
	}
	name, life := data.Get("common_name").(string), time.Duration(data.Get("ttl").(int))*time.Second
	if err := role.permits(name, life); err != nil {
		return nil, err
	}
	public, err := b.proven(req, data.Get("csr").(string))
	if err != nil {
		return nil, err
	}
	signer, err := loadAuthority(ctx, req.Storage, role.Authority)
	if err != nil {
		return nil, err
	}
	from, to := role.span(life, signer.certificate, time.Now())
	leaf, err := pki.Issue(ctx, signer.certificate, signer.key, pki.Request{
		Name: name, Organization: role.Organization, Usage: role.Usage, From: from, To: to, Public: public,
	})
	if err != nil {
		return nil, err
	}
	return b.remember(ctx, req.Storage, role, signer, leaf)
}

func (r roleRecord) permits(name string, life time.Duration) error {
	if err := checkName(name); err != nil {
		return err
	}
	if !r.allows(name) {
		return refuse("the role does not allow this common_name")
	}
	if life < 0 || life > r.MaxLife {
		return refuse("ttl is beyond the role's max_ttl")
	}
	return nil
}

// proven returns the request's key when its signature shows that the sender
// holds it.
func (b *backend) proven(req *logical.Request, csr string) (*sm.PublicKey, error) {
	der, err := requestDER(csr)
	if err != nil {
		return nil, err
	}
	request, err := pki.ParseSigningRequest(b.verifier, caller(req), der)
	if err != nil {
		return nil, refuse("csr cannot be read, or its signature does not prove an SM2 key")
	}
	return request.Public, nil
}

// span is the life of the certificate: from a little before now, for the life
// asked for, within the issuer's own and the bound of its usage.
func (r roleRecord) span(life time.Duration, issuer *pki.Certificate, now time.Time) (from, to time.Time) {
	if life == 0 {
		life = r.MaxLife
	}
	now = now.Truncate(time.Second)
	from, to = now.Add(-min(backdate, longestLives[r.Usage]-life)), now.Add(life)
	if from.Before(issuer.NotBefore) {
		from = issuer.NotBefore
	}
	if to.After(issuer.NotAfter) {
		to = issuer.NotAfter
	}
	return from, to
}

func (b *backend) remember(ctx context.Context, storage logical.Storage, role roleRecord, signer *authority, leaf []byte) (map[string]any, error) {
	certificate, err := pki.Parse(leaf)
	if err != nil {
		return nil, err
	}
	serial := certificate.Serial.Text(16)
	record := issuedRecord{Name: certificate.CommonName(), Usage: role.Usage, NotAfter: certificate.NotAfter}
	if err := store(ctx, storage, issuedPath(role.Authority, serial), record); err != nil {
		return nil, err
	}
	return map[string]any{
		"certificate": certificatesPEM(leaf),
		"chain":       certificatesPEM(append([][]byte{leaf}, signer.record.Chain...)...),
		"serial":      serial,
		"not_after":   rfc3339(certificate.NotAfter),
	}, nil
}
