package jose

import (
	"context"
	"sync"

	"github.com/golang-jwt/jwt/v5"

	"kapok/crypto/sm"
)

// Algorithm is the JWS "alg" of SM2 signatures over SM3, GM/T 0125.1-2022. The
// signature is r‖s, 64 bytes, under the id 1234567812345678.
const Algorithm = "SGD_SM3_SM2"

// register tells golang-jwt the algorithm, once, when it is first needed: its
// parser knows only algorithms of its own table.
var register = sync.OnceFunc(func() {
	jwt.RegisterSigningMethod(Algorithm, func() jwt.SigningMethod { return method{} })
})

// method is the jwt.SigningMethod. It takes the keys of this package only, so a
// key of another kind, put in by another user of golang-jwt's table, is refused.
type method struct{}

// signing is the key for Sign: who signs, and how long to wait for it.
type signing struct {
	ctx    context.Context
	signer sm.Signer
}

// verifying is the key for Verify.
type verifying struct {
	verifier *sm.Verifier
	caller   string
	public   *sm.PublicKey
}

func (method) Alg() string { return Algorithm }

func (method) Sign(input string, key any) ([]byte, error) {
	k, ok := key.(signing)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	return k.signer.Sign(k.ctx, []byte(input), sm.Raw)
}

func (method) Verify(input string, sig []byte, key any) error {
	k, ok := key.(verifying)
	if !ok {
		return jwt.ErrInvalidKeyType
	}
	return k.verifier.Verify(k.caller, k.public, []byte(input), sig, sm.Raw)
}
