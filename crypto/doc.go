// Package crypto is the parent of Kapok's cryptography and holds no code.
//
//   - sm: SM2, SM3, SM4, two libraries, one answer
//   - jose: JWS and JWK with SGD_SM3_SM2
//   - httpsig: HTTP Message Signatures with SM2
//   - pki: SM2 certificates, chains and revocation
//   - keys: where private keys live and how they are replaced
//
// Only packages below this one may import a library of SM algorithms.
package crypto
