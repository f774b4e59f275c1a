// Package tsp speaks the Time-Stamp Protocol (RFC 3161, GB/T 20520) from the asking
// side: it writes a query, reads the reply, and verifies a token — that an authority
// says of a digest that it existed at a time — by SM2 with SM3.
//
// It must not know HTTP or what is stamped. A token signed by another algorithm than
// SM2 with SM3 is not verified here.
package tsp
