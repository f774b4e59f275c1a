// Package editions says what a published edition (版次) is: one numbered, whole state
// of what decisions rest on, the catalogue or the policies. One person proposes it,
// another confirms it; then it is in force on every node, and what was decided under
// another edition is decided again.
//
// It must know neither what an edition holds beyond its files, nor how editions are
// stored.
package editions
