// Package local runs a private PostgreSQL server for a laptop, for trials and for
// tests: Kapok needs PostgreSQL, and nobody should have to set one up to try Kapok.
//
// It starts the binaries that the machine has installed, in a folder of their own,
// reachable only through a socket in a folder that only this user may enter, and
// never over TCP. The server ends when the process that started it ends, however
// it ends; the data stays for the next start. A data folder is never deleted, and
// one written by another major version is refused.
//
// It must not know Kapok's schema.
package local
