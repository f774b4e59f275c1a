// Package pgtest gives each test a PostgreSQL database of its own, with Kapok's
// schema, in some tens of milliseconds: a template is migrated once and cloned.
//
// With DATABASE_URL set, the databases are made on that server (whose role must be
// allowed to). Without, each test binary starts a private server in a temporary
// folder, which ends and is deleted with the binary, however that ends. That server
// runs with fsync off: it survives the end of any process, not that of the machine,
// which no test here brings about. A test or a measurement that needs the disk uses
// [Durable].
//
// Databases are dropped when their test ends.
package pgtest
