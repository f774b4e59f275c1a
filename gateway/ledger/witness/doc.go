// Package witness follows logs from outside: it remembers the largest checkpoint
// of each, cosigns only what continues it, and keeps the proof when a log
// contradicts itself. It runs elsewhere, as another user, under another authority
// than the gateway, so that who rewrites a log has to deceive it as well.
//
// It must not know HTTP or any database: a [Source] brings checkpoints and proofs.
//
// # Reading the rooms
//
//   - witness.go: one look at one log
//   - memory.go: what is held on the disk, and in which order it gets there
//   - identity.go: the witness's own key; one process at a time
//   - exported.go: an exported log as a source
package witness
