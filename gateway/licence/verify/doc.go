// Package verify says what an OFD document's seals and signatures are worth: a report
// of every step by name, in the order of GB/T 38540-2020 and GM/T 0099-2020, with the
// reason for each answer, never one bare boolean.
//
// A document is called invalid only where something in it contradicts something else
// in it: a digest, a signature by the word of two libraries, a seal that is not the
// sealer's. What this program cannot read, or refuses to read for its size, is "cannot
// be decided", with what it was. What holds but gives reason to look again is "valid
// but flagged".
//
// Trust comes with [NewVerifier], never from the file. The package must not know
// licences, holders or whether a licence was abolished: that is package licence's.
package verify
