// Package returns takes in data that a higher level returns in batches (数据回流):
// a signed manifest with its files is received, landed, checked, reconciled with what
// the manifest says and with the last version, and published at once or not at all.
//
// The order in which [Importer.Import] reads:
//
//	receive → land and check → index → reconcile → (publish, by a person)
//
// A landing that was interrupted goes on at the byte where it was last durable, and
// nothing is applied twice. What breaks a rule is named by file, line and rule, never
// by its value, and then nothing is published. FORMAT.md beside this file specifies
// the manifest.
//
// Personal columns are encrypted under a key that needs both the person's own key and
// the dataset's: forgetting either ends what it covers. Each sealed value is bound to
// its delivery, file and line, which are what lineage shows.
//
// The package must not know SQL (gateway/postgres keeps the rows), HTTP, nor whether
// anybody may ask for what was published: that is the one path's, which reaches the
// rows by [Connector].
package returns
