// Package eseal reads and makes electronic seals and what is sealed with them:
// SESeal and SES_Signature of GB/T 38540-2020 (version 4), GM/T 0031-2014 (version 1)
// and GM/T 0031-2025 (version 5), and the SignedData of GB/T 35275-2017.
//
// Everything is read over the bytes as they came, and these bytes are what is
// verified: nothing is ever encoded again. What breaks a standard and can be read all
// the same is named in Oddities; what cannot be read is [ErrMalformed] with the part
// that it was, which says something of this reader, never that a seal is forged.
//
// It must not know OFD, files, trust or revocation: which certificates are believed,
// and what a date means, is judged by package gateway/licence/verify. Signatures are
// checked by a [sm.Verifier], so by two libraries before one is called invalid.
package eseal
