package jose

import (
	"encoding/base64"
	"encoding/json"

	"kapok/crypto/sm"
	"kapok/gateway"
)

// JWK is an SM2 public key as RFC 7517 and GM/T 0125.4-2022 have it. "crv" is
// written "SM2"; when read, the other spellings in use are taken too.
type JWK struct {
	KeyType string `json:"kty"`           // "EC"
	Curve   string `json:"crv"`           // "SM2"
	X       string `json:"x"`             // base64url of 32 bytes
	Y       string `json:"y"`             // base64url of 32 bytes
	KeyID   string `json:"kid,omitempty"` // as in the tokens' header
	Alg     string `json:"alg,omitempty"` // "SGD_SM3_SM2"
	Use     string `json:"use,omitempty"` // "sig"
}

const (
	keyType = "EC"
	curve   = "SM2"
	use     = "sig"
)

// curves are the spellings of "crv" found in use: one standard, three readings.
var curves = map[string]bool{curve: true, "sm2p256v1": true, "SM2-P-256": true}

func malformedKey() *gateway.Error {
	return gateway.Fail(gateway.Invalid, "key-malformed", "The key is not a JWK of an SM2 public key for SGD_SM3_SM2 signatures.")
}

// NewJWK returns the JWK of a public key for signatures.
func NewJWK(kid string, pub *sm.PublicKey) JWK {
	point := pub.Bytes()[1:]
	half := len(point) / 2
	return JWK{
		KeyType: keyType, Curve: curve,
		X: base64.RawURLEncoding.EncodeToString(point[:half]), Y: base64.RawURLEncoding.EncodeToString(point[half:]),
		KeyID: kid, Alg: Algorithm, Use: use,
	}
}

// UnmarshalJSON reads a JWK and refuses one that carries a private key: whoever
// sent it has given it away, and it must not be used or kept.
func (k *JWK) UnmarshalJSON(data []byte) error {
	type members JWK
	var read struct {
		members
		D json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(data, &read); err != nil {
		return malformedKey().Because(err)
	}
	if read.D != nil {
		return gateway.Fail(gateway.Invalid, "key-private", "The JWK holds a private key; send the public key only and replace that key.")
	}
	*k = JWK(read.members)
	return nil
}

// PublicKey returns the key: kty EC, crv SM2, alg absent or [Algorithm], use
// absent or "sig", a point on the curve. The error is a *gateway.Error,
// key-malformed.
func (k JWK) PublicKey() (*sm.PublicKey, error) {
	if k.KeyType != keyType || !curves[k.Curve] || !absentOr(k.Alg, Algorithm) || !absentOr(k.Use, use) {
		return nil, malformedKey()
	}
	x, errX := base64.RawURLEncoding.Strict().DecodeString(k.X)
	y, errY := base64.RawURLEncoding.Strict().DecodeString(k.Y)
	if errX != nil || errY != nil || len(x) != len(y) {
		return nil, malformedKey()
	}
	pub, err := sm.ParsePublicKey(append(append([]byte{4}, x...), y...))
	if err != nil {
		return nil, malformedKey().Because(err)
	}
	return pub, nil
}

func absentOr(value, only string) bool { return value == "" || value == only }

// Thumbprint returns the RFC 7638 thumbprint with SM3, base64url. It depends on
// the key alone: members beyond kty, crv, x, y do not count, and crv counts as
// "SM2" however it was spelt. It is defined for a JWK whose PublicKey is.
func (k JWK) Thumbprint() string {
	digest := sm.Sum([]byte(`{"crv":"` + curve + `","kty":"` + keyType + `","x":"` + k.X + `","y":"` + k.Y + `"}`))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}
