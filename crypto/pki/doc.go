// Package pki makes and checks SM2 certificates: the district's root, operational
// certificates, certificates of departments and seals, revocation lists, and
// chains at a given time (GB/T 20518, RFC 5280).
//
// It reads certificates as they are found in the field. What breaks the standard
// and can be read all the same is kept, byte for byte, and named in
// [Certificate.Oddities]; what would make a check doubtful makes the chain fail.
// Certificates are built by emmansun/gmsm's smx509 behind a [sm.Signer], so the
// key may live in memory, in a file or in Vault. Every signature is checked by a
// [sm.Verifier], never by the certificate library.
//
// It must not know where keys are kept, who may have a certificate, or which
// roots are trusted: those come with each call.
package pki
