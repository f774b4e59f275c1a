// Package ledger is the log that nobody can change unseen: what happened becomes
// an entry, entries become leaves of an SM3 Merkle tree, and each batch of them
// is sealed by a signed checkpoint. A receipt proves one entry to anybody who
// holds the pinned root; FORMAT.md beside this file is enough to write another
// verifier.
//
// # Reading the rooms
//
//   - entry.go, opening.go: what is recorded, and how a field is hidden and shown
//   - hash.go, tree.go, proof.go: the tree and its tiles
//   - note.go, checkpoint.go: what is signed
//   - receipt.go, bundle.go, verify.go: what a stranger holds, and how they check it
//   - append.go, log.go, draft.go, batch.go, sequencer.go, lease.go, drain.go: one node's log,
//     from a call to a durable commit
//   - store.go: what the log asks of a database
//   - read.go: receipts of entries sealed long ago
//   - settle.go, ending.go, floor.go: what became of intents; how a log ends; why it is
//     not continued behind what was sealed before
//   - export.go, manifest.go, chunk.go, notefile.go: a whole log as files
//   - logverify.go, logscan.go, logjoin.go, logreport.go, leafcheck.go, peaks.go: such
//     files checked, chunk by chunk
//   - consistency.go, exported.go, nodes.go: that a log continues an older one
//   - cosignature.go, disclose.go; witness/: what witnesses sign; single fields
//   - audit.go, auditlog.go, audithead.go, auditrest.go,
//     auditmessage.go, auditsource.go: a whole database
//     computed again
//
// It must not know any database, HTTP, the catalogue or the meaning of a field:
// the verifier for auditors and citizens imports this package and nothing above.
// No personal value enters; every field enters as a salted commitment, so that it
// can be erased or shown alone.
package ledger
