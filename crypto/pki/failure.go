package pki

// Failure says why a certificate or chain was refused; match with errors.Is. A
// wrong signature is sm.ErrInvalid, one that could not be decided
// sm.ErrUndecided.
type Failure string

// Error returns the failure's text, which holds nothing of the certificate.
func (f Failure) Error() string { return string(f) }

// The reasons.
const (
	ErrMalformed         Failure = "pki: certificate, request or list is not the DER that X.509 asks for"
	ErrUntrusted         Failure = "pki: no chain leads to a trusted root"
	ErrExpired           Failure = "pki: certificate was not in force at that time"
	ErrRevoked           Failure = "pki: certificate was revoked at that time"
	ErrRevocationUnknown Failure = "pki: no list in force tells whether the certificate was revoked"
	ErrUsage             Failure = "pki: certificate is not for this use"
	ErrUnreadable        Failure = "pki: certificate has a part that decides and cannot be read"
)
