// Package sm is the one place where Kapok signs, verifies, hashes and encrypts
// with the SM algorithms: SM2 (GB/T 32918), SM3 (GB/T 32905), HMAC-SM3, SM4-GCM
// (GB/T 32907, RFC 8998).
//
// # Two libraries, one answer
//
// emmansun/gmsm does the work: it is about twenty times faster than the other.
// Until v0.44.1 it called some valid signatures invalid on amd64 (its issue
// 560). A gateway that calls a department's valid signature forged accuses an
// innocent, so no signature is called invalid on one library's word: tjfoc/gmsm,
// written independently, is asked first. The answers are:
//
//   - nil: the signature is valid.
//   - [ErrInvalid]: it is not. Either it is malformed by our own reading (not
//     canonical DER, r or s outside [1, n-1]), or both libraries refused it.
//   - [ErrUndecided]: the libraries disagreed, the second one failed, or its
//     budget was spent. The caller must refuse the request, and must not say
//     "forged".
//
// tjfoc's library panics, loops or answers wrongly on malformed input, so
// nothing reaches it but a point on the curve, a 32-byte digest and r, s within
// [1, n-1]; a panic that happens all the same becomes ErrUndecided.
//
// # The price of junk
//
// A second opinion costs about a millisecond, so whoever sends junk could buy a
// lot of our time with little of theirs. Second opinions are therefore limited
// per caller and in total; see [VerifierOptions]. Past the limit the answer is
// ErrUndecided, not ErrInvalid: a limit is no proof of forgery. A valid
// signature is accepted by the fast library and never meets the limit, so it
// costs a caller nothing when a stranger spends its budget in its name.
//
// # What it must not know
//
// Certificates, tokens, HTTP, files, key stores, callers' rights. A caller's
// name here is only the label of a budget.
package sm
