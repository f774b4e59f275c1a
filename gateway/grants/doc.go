// Package grants is how a department comes by a right to use data, and how it loses
// it again: the application, the one list of what is missing, the provider's answer,
// the grant, the review of what is not used, the correction of wrong data (校核) and
// the ladder of a dispute. Each of them is a [Matter]: it has two sides, a state, the
// events that led there, and clocks that run in working days by law (政务数据共享条例
// 13–29). What may happen in which state, who may do it, and what that does to the
// clocks is one table for each kind, in machines.go; the terms are in deadlines.go.
//
// Nobody acts on both sides of a matter, through whatever roles.
//
// Everything returned without an error is durable and stands in the ledger by the
// same transaction. The package must not know SQL, HTTP, or who runs its jobs; it asks
// no clock but the one it is given.
package grants
