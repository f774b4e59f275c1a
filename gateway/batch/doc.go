// Package batch answers a question about many people (up to [MaxSubjects]) as a job:
// one signed call orders it, the one path makes each person's use by itself, with its
// own decision and its own entries, and the results are fetched once, as far as they are
// there.
//
// There are two kinds. A query asks one item of each person. An eligibility question
// (免申即享) asks who meets all of several conditions; each condition is a PREDICATE over
// one item, and what leaves is whether a person meets all of them, neither a value nor
// which condition failed.
//
// What was asked and what was found is encrypted under a key of the batch's own, which is
// destroyed when everything was fetched or the time is up. A withdrawal between the making
// of a use and its fetching still bites: what a result rests on is asked about again, in
// the ledger's transaction, before it leaves.
//
// The package must not know SQL, HTTP, nor how a use is decided: that is the path's.
package batch
