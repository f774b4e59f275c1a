// Package replay decides again what was decided before: it writes, for each decision
// on the path, a short note of all that the decision depended on, and puts the noted
// inputs to another set of policies, to tell who would gain and who would lose by it.
//
// A note holds no personal value and no reference to a person. Whom a request was about
// and for which case decides only whether it is the same person and the same case that
// the basis names, and that is what a note says. What many decisions share (a system,
// an item, a grant, the shape of a basis, of a request, of an outcome) is a part, named
// by the SM3 of its text and stored once for each log.
//
// Notes are written in the batch of the entry that they stand beside. The signed request
// and the whole input stay in the encrypted message, to which the entry commits; a note
// is for counting, the message is the evidence.
//
// The package knows no database: its store is an interface.
package replay
