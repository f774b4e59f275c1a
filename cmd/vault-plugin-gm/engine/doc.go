// Package engine is the SM2 secrets engine: the paths that Vault serves under
// its mount, and what it stores behind Vault's barrier.
//
// Keys are of three kinds. A "seal" or "signing" key signs what its policy's
// holder sends. An "authority" key signs certificates, revocation lists and its
// own request, nothing else: there is no path by which it signs bytes of a
// caller's choosing, so who may ask for an operational certificate cannot make
// any other. No path returns a private key.
//
// It must not know who may do what: Vault's policies decide, path by path.
package engine
