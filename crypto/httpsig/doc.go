// Package httpsig signs and verifies HTTP messages with SM2: HTTP Message
// Signatures (RFC 9421, algorithm name "sm2-sm3", signature bytes r‖s) and
// Content-Digest (RFC 9530, member "sm3").
//
// The message is taken as a [Message]; [Base] writes what is signed, [Sign] and
// [Parse] write and read the two header fields, [Verify] tells.
//
// # What a signature does not tell
//
// A valid signature covers the components it lists and nothing else. The caller
// checks that they are enough ([Params.Covers]), that created, nonce, keyid and
// tag suit, and that the body is the one that Content-Digest names
// ([CheckContentDigest]).
//
// # Strict and bounded
//
// Field lengths, members and components are limited before anything is looked
// at. What the RFCs let a reader repair is refused instead where two readers
// could differ: duplicate members, parameters or components, numbers with
// leading zeros, base64 that is not canonical, parameters nobody knows. The
// component parameters sf and tr are not built and are refused.
//
// It must not know servers, clients, tokens, nonces seen before, or whose a key
// is. Errors are *gateway.Error and hold no value of the message.
package httpsig
