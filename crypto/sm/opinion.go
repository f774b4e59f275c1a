package sm

import (
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	tjfoc "github.com/tjfoc/gmsm/sm2"
	tjfocsm3 "github.com/tjfoc/gmsm/sm3"
)

// question is what both libraries are asked: a well-formed signature, a key on
// the curve, and either a message with its id or, when signed is false, a bare
// digest.
type question struct {
	pub     *PublicKey
	sig     signature
	digest  [Size]byte
	message bool // whether digest is of msg under id
	id, msg []byte
}

// firstOpinion asks emmansun/gmsm.
func firstOpinion(q *question) bool {
	return sm2.VerifyASN1(q.pub.fast, q.digest[:], q.sig.der())
}

// secondOpinion asks tjfoc/gmsm, which hashes the message itself: a wrong SM3
// would be found as well. answered is false when it panicked or could not hash;
// no input is known to make it.
func secondOpinion(q *question) (valid, answered bool) {
	defer func() {
		if recover() != nil {
			valid, answered = false, false
		}
	}()
	digest := q.digest[:]
	if q.message {
		za, err := tjfoc.ZA(q.pub.second, q.id)
		if err != nil {
			return false, false
		}
		h := tjfocsm3.New()
		h.Write(za)
		h.Write(q.msg)
		digest = h.Sum(nil)
	}
	r := new(big.Int).SetBytes(q.sig.r[:])
	s := new(big.Int).SetBytes(q.sig.s[:])
	return tjfoc.Verify(q.pub.second, digest, r, s), true
}
