// Package ofd reads and writes the OFD container (GB/T 33190-2016): a ZIP of XML files
// with pages, resources, annotations, attachments and signatures.
//
// Reading is for files that strangers send: the directory is read once, every size is
// bounded before it is believed ([Limits]), large files are hashed while they are read
// and never held. Writing makes simple pages ([Draft]), seals them ([Seal], [Prepare])
// and makes changed copies ([Annotate]); the same input gives the same bytes.
//
// It must not know trust, verdicts, licences or departments: what a signature is worth
// is said by package verify.
package ofd
