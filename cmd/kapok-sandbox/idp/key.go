package idp

import (
	"crypto/rsa"

	"github.com/go-jose/go-jose/v4"
)

// signingKey is the private half, new at each start.
type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

func (k signingKey) ID() string                                  { return k.id }
func (k signingKey) Key() any                                    { return k.private }
func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }

// verifyingKey is the public half, as JWKS shows it.
type verifyingKey signingKey

func (k verifyingKey) ID() string                         { return k.id }
func (k verifyingKey) Key() any                           { return &k.private.PublicKey }
func (k verifyingKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k verifyingKey) Use() string                        { return "sig" }
