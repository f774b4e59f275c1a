package sm

import (
	"crypto/ecdsa"
	"crypto/subtle"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	tjfoc "github.com/tjfoc/gmsm/sm2"
)

// PointSize is the length of an uncompressed point: 04‖X‖Y.
const PointSize = 1 + 2*scalarSize

// DefaultID is the signer's id where none is agreed, GM/T 0009-2012 §10.
const DefaultID = "1234567812345678"

// maxID is the longest id whose length in bits fits the two bytes of ENTL.
const maxID = 8191

// PublicKey is a point on the SM2 curve, kept in the forms that make verifying
// fast. It is immutable and safe for concurrent use; parse a key once and keep
// it.
type PublicKey struct {
	point  [PointSize]byte
	za     [Size]byte // for DefaultID: it depends on nothing else
	fast   *ecdsa.PublicKey
	second *tjfoc.PublicKey
}

// ParsePublicKey reads the 65 bytes 04‖X‖Y (GB/T 32918.1-2016 §4.2.9). Any other
// form, a coordinate not below p, or a point off the curve is [ErrKey].
func ParsePublicKey(point []byte) (*PublicKey, error) {
	if len(point) != PointSize || point[0] != 4 {
		return nil, ErrKey
	}
	pub := &PublicKey{point: [PointSize]byte(point)}
	fast, err := sm2.NewPublicKey(pub.point[:]) // checks coordinates and curve
	if err != nil {
		return nil, ErrKey
	}
	pub.fast = fast
	pub.second = &tjfoc.PublicKey{
		Curve: tjfoc.P256Sm2(),
		X:     new(big.Int).SetBytes(point[1 : 1+scalarSize]),
		Y:     new(big.Int).SetBytes(point[1+scalarSize:]),
	}
	if !pub.second.IsOnCurve(pub.second.X, pub.second.Y) { //nolint:staticcheck // the second library has no other check
		return nil, ErrKey
	}
	pub.za = pub.identity([]byte(DefaultID))
	return pub, nil
}

// Bytes returns the point as 04‖X‖Y, 65 bytes.
func (pub *PublicKey) Bytes() []byte { return append([]byte(nil), pub.point[:]...) }

// Equal reports whether both are the same point.
func (pub *PublicKey) Equal(other *PublicKey) bool {
	return pub != nil && other != nil && subtle.ConstantTimeCompare(pub.point[:], other.point[:]) == 1
}

// Digest returns e = SM3(ZA‖msg), what SM2 signs for msg under the signer's id
// (GB/T 32918.2-2016 §5.5 and §6.1). An id that is not 1 to 8191 bytes is
// [ErrID]: libraries differ on what an empty one means.
func (pub *PublicKey) Digest(id, msg []byte) ([Size]byte, error) {
	if len(id) == 0 || len(id) > maxID {
		return [Size]byte{}, ErrID
	}
	if string(id) == DefaultID {
		return Sum(pub.za[:], msg), nil
	}
	za := pub.identity(id)
	return Sum(za[:], msg), nil
}

// curve is a‖b‖xG‖yG of the SM2 curve, GB/T 32918.5-2017.
const curve = "\xff\xff\xff\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfc" +
	"\x28\xe9\xfa\x9e\x9d\x9f\x5e\x34\x4d\x5a\x9e\x4b\xcf\x65\x09\xa7\xf3\x97\x89\xf5\x15\xab\x8f\x92\xdd\xbc\xbd\x41\x4d\x94\x0e\x93" +
	"\x32\xc4\xae\x2c\x1f\x19\x81\x19\x5f\x99\x04\x46\x6a\x39\xc9\x94\x8f\xe3\x0b\xbf\xf2\x66\x0b\xe1\x71\x5a\x45\x89\x33\x4c\x74\xc7" +
	"\xbc\x37\x36\xa2\xf4\xf6\x77\x9c\x59\xbd\xce\xe3\x6b\x69\x21\x53\xd0\xa9\x87\x7c\xc6\x2a\x47\x40\x02\xdf\x32\xe5\x21\x39\xf0\xa0"

// identity is ZA = SM3(ENTL‖id‖a‖b‖xG‖yG‖xA‖yA), GB/T 32918.2-2016 §5.5. It is
// computed here because the libraries keep every id they are shown, and ids may
// come from outside.
func (pub *PublicKey) identity(id []byte) [Size]byte {
	bits := len(id) * 8
	return Sum([]byte{byte(bits >> 8), byte(bits)}, id, []byte(curve), pub.point[1:])
}
