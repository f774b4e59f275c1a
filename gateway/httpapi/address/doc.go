// Package address says which addresses Kapok takes from outside: a request's path,
// the path to come back to after signing in, and the cursor of a page. Each is a
// parser of what strangers send, and is fuzzed.
//
// It must not know HTTP handlers or stores: strings go in, a verdict comes out.
package address
