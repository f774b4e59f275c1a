// Package safe is what a person does about their own data: read the notice, give a
// consent, withdraw it. It also registers the statutory bases that the data bureau
// answers for, since both end as the same artefact.
//
// Everything here changes an access basis and stands in the ledger by the same
// transaction; the call returns when the entry is sealed. It must not know HTTP, SQL
// or how people sign in.
package safe
