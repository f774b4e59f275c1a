// Package keys keeps Kapok's keys: the short-lived operational key that signs
// ([Operational]), the keys of persons ([Persons]), the keyed look-up of identity
// numbers ([Lookup]), and the two places where long-lived keys live: Vault
// ([OpenVault]) and, for trials, a file sealed by a passphrase ([OpenFile]).
//
// The long-lived signing key never comes here from Vault: it certifies an
// operational key for at most 24 hours, made in memory and never written. When
// the key service is gone, the operational key goes on to its end; past that,
// nothing is signed.
//
// The package must not know what is signed or sealed, nor where wrapped keys are
// stored.
package keys
