// Package basis says why an access is lawful (访问依据): the artefact that a person
// or an authority put their name to, and the states it goes through.
//
// Most sharing between departments rests on a statutory duty, not on consent (PIPL,
// 个人信息保护法, article 13(1)(iii)), so the root is the access basis, and consent is
// one of its kinds.
//
// An artefact never changes: it is canonical JSON (RFC 8785), signed with SM2 by the
// platform. What changes is its state, which is the outcome of events that are only
// ever added; a state that has ended never opens again.
//
// The package is pure: it must not know a database, HTTP, the catalogue or a policy.
// It decides nothing about a call; it says what was agreed.
//
//   - basis.go: the artefact
//   - rules.go: what every artefact must keep, by name
//   - wire.go, document.go, sign.go: its one encoding, its digest and signature
//   - kind.go, state.go: which events each kind knows, and where they lead
package basis
