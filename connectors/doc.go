// Package connectors says what a source of data looks like to Kapok: one
// question about one person or organisation ([Query]), one answer ([Answer]),
// and the four ways in which a source fails ([ErrUnavailable], [ErrTimeout],
// [ErrRefused], [ErrGarbage]).
//
// Each protocol is one folder below this one; [kapok/connectors/builtin] is the
// list of them, and [kapok/connectors/connectortest] the suite that each must
// pass. A new protocol is one folder and one line of that list.
//
// A connector knows its protocol and nothing else. It must not know who asked
// or whether they may: that was decided before it is called. It does not
// minimise: it hands over all that the source answered, and gateway/exchange
// lets through what was allowed.
package connectors
