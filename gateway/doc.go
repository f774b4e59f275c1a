// Package gateway holds the words that all of Kapok speaks: who is asked about
// ([Identity]), what may be done ([Operation]), and what went wrong ([Error]).
//
// It must not know any package of Kapok, nor any library: everybody imports it,
// it imports nobody. It decides nothing.
//
// # Kapok in short
//
// A department asks for data that others hold, for a named matter and case. Every
// use takes one path, in package exchange: admit, resolve, decide, record intent,
// fetch, check source, minimise, record outcome, sign, release. No receipt, no
// release; deny on any doubt.
//
// The rooms, from the ground up; a room knows only those below it, which
// architecture_test.go in the root holds as data:
//
//	gateway                the words
//	crypto/sm              SM2, SM3, SM4 by two libraries; the answer "undecided"
//	crypto/jose, httpsig,  tokens, signed HTTP messages, certificates, time-stamps
//	  pki, tsp
//	crypto/eseal           electronic seals and what is sealed with them (GB/T 38540)
//	gateway/licence/ofd    the OFD container: read, written, sealed, drawn; verify: what a seal
//	                       is worth, step by step
//	crypto/keys            where long-lived keys are; the short-lived operational key
//	catalog                departments, systems, items, sources, grants: strict YAML;
//	                       spreadsheet: the form that departments fill in
//	gateway/federation     the other Kapoks: a list that a keeper signs
//	gateway/editions       what is in force of catalogue and policies, published by two
//	policies               the decision: tables, then Cedar in layers; pure
//	connectors             how a source is asked; one folder for each protocol
//	gateway/predicate      the tests of the operation PREDICATE
//	gateway/basis          why an access is lawful: the signed artefact, its states
//	gateway/licence        e-licences: identifiers, metadata in three families, their life
//	gateway/ledger         what happened: commitments in an SM3 tree, signed, provable
//	gateway/messages       what proves each use, encrypted, beside the ledger
//	gateway/evidence       one file for a court or an archive; timestamp: tokens for it
//	gateway/replay         decisions noted, and made again by other policies
//	gateway/confirmation   a second officer's word on one use
//	gateway/exchange       the one path; closing: what a node left open
//	gateway/enrolling      keys of departments' systems: proposed, confirmed, revoked
//	gateway/grants         how a department comes by a right: applications, clocks, disputes
//	gateway/cases          materials of cases met by licences: no paper asked for twice
//	gateway/licensing      licences made, changed, abolished; served to the path; copies
//	gateway/safe           what a person allows and withdraws
//	gateway/mandates       who acts for whom: agents, guardians
//	gateway/facade         other protocols of e-licences, answered on the one path
//	gateway/batch          questions about many people, as jobs on the path
//	gateway/subscriptions  systems told of changes: pushes signed, in order, on the path
//	gateway/returns        data that a higher level returns in batches
//	gateway/publishing     how an edition comes about: draft, plan, replay, second person
//	gateway/postgres       every store, one file for each domain; the private server
//	gateway/httpapi, web   the door: openapi.yaml, Gin, sign-in, pages
//	cmd                    kapok, kapok-verify, kapok-sandbox, vault-plugin-gm
//
// # Exactness across nodes
//
// Nodes share nothing but PostgreSQL. Each has a log of its own (an origin), which
// it alone writes under a lease. A batch locks its origin's row and then, in a later
// statement, reads which of the things its members rely on have been stopped; a stop
// (a consent withdrawn, a key revoked) locks all origins and marks each. So what
// commits after an acknowledged stop was told of it. Nonces are claimed in that same
// transaction: docs/adr says why.
package gateway
