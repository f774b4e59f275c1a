// Package anchor keeps signed checkpoints in files outside the database, so that
// whoever sets the database back, cuts a log's tail or writes a whole log anew is
// found out, by a node at its start and by the audit.
//
// One file a log; each record is a signed note (FORMAT.md §4) as it is, one after
// the other, fsynced. A record that a crash cut short is dropped when the file is
// next written. The folder belongs on another disk, better on another machine.
//
// It must not know any database, nor check a signature: what it holds is believed
// because of where it lies, and the audit verifies it besides.
package anchor
