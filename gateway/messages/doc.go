// Package messages keeps what proves a use of data, encrypted, beside the ledger:
// each message under a key of its own, wrapped by the record key of the person
// concerned or, where nobody is, by the service's key of the month; each for as long
// as its class is retained.
//
// It must not know HTTP, SQL, policies or what a message says: see gateway/evidence
// for that, and gateway/postgres for the tables. Legal holds are not built: what a
// court has ordered to keep is kept by not running the expiry.
package messages
