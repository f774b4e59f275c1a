// Package evidence is what a court, an archive or an auditor gets of one use of
// data, and how they check it: the messages that prove it (the signed request, what
// the decision rested on, what the source answered, the release) in one canonical
// form each, and the bundle that joins them with the ledger's receipts,
// certificates, revocation lists and time-stamps.
//
// # Reading the rooms
//
//   - object.go: canonical JSON (RFC 8785), written in the order of the members
//   - request.go, answer.go, release.go, message.go: the messages, and the digest
//     by which an entry commits to one
//   - bundle.go, verify.go, summary.go: the bundle, its verification, and what a
//     person reads of it
//
// It must not know any database, HTTP server, key service or policy engine: the
// verifier for auditors and citizens imports this package. Messages hold personal
// data (the request names the person); where they are kept, and how they are
// encrypted, is gateway/messages.
package evidence
