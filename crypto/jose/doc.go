// Package jose speaks JWS (RFC 7515) and JWK (RFC 7517) with SM2: algorithm
// SGD_SM3_SM2 of GM/T 0125-2022, over golang-jwt.
//
// The algorithm is pinned: a token that names any other, "none" included, is
// refused before a key is looked up, and a key here is an SM2 public key and
// nothing else, so that no token can choose what its key is used for. Base64url
// is strict, a token has a kid, and the header may hold nothing that this
// package would have to obey and does not know.
//
// Errors that a caller may see are *gateway.Error; those of [Parse] keep
// golang-jwt's and sm's errors in their chain, for errors.Is.
//
// It must not know what tokens are for: whose they are, what their claims grant,
// whether they were seen before. It reads no key from a token.
package jose
