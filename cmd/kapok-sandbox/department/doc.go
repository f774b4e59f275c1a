// Package department plays a department's own system that asks Kapok for data:
// it holds an SM2 key, proves itself with a client assertion (RFC 7523, alg
// SGD_SM3_SM2), signs each call as an HTTP message (RFC 9421) and checks that
// the answer is signed by the Kapok it has pinned, for this very call.
//
// It knows Kapok's address, its API and its root certificate, and nothing of
// its code beyond crypto/.
package department
