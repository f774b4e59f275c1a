// Package jsonrecords reads records out of a source's JSON strictly: valid JSON in
// UTF-8, no name twice, plain values only, every record about the subject. Answers
// are walked where they lie instead of being decoded into maps.
//
// It must not know any protocol: where the records stand and what the subject's
// number is called are told by a [Layout].
package jsonrecords
