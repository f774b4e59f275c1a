package httpsig

import "kapok/gateway"

// Each refusal is made anew, so that whoever adds to one adds to no other.

func noSignature() error {
	return gateway.Fail(gateway.Unauthenticated, "signature-missing", "The message has no signature under the label expected.")
}

func malformed() error {
	return gateway.Fail(gateway.Unauthenticated, "signature-malformed", "Signature-Input or Signature breaks a rule of RFC 9421 or is too long.")
}

func wrongAlgorithm() error {
	return gateway.Fail(gateway.Unauthenticated, "signature-algorithm", "The signature's alg is not sm2-sm3.")
}

func invalid(cause error) error {
	return gateway.Fail(gateway.Unauthenticated, "signature-invalid", "The signature is not the key's signature of this message.").Because(cause)
}

func undecided(cause error) error {
	return gateway.Fail(gateway.Unavailable, "signature-undecided", "The signature could not be decided; it was not accepted.").Because(cause)
}

// missing says that the message has no component of the name, or has it in a
// form that cannot be covered.
func missing(name string) error {
	err := gateway.Fail(gateway.Unauthenticated, "signature-component", "A covered component is absent from the message, unknown, or in a form that cannot be covered.")
	err.Field = name
	return err
}

func digestMissing() error {
	return gateway.Fail(gateway.Invalid, "content-digest-missing", "The message has no Content-Digest with the member sm3.")
}

func digestMalformed() error {
	return gateway.Fail(gateway.Invalid, "content-digest-malformed", "Content-Digest breaks a rule of RFC 9530.")
}

func digestMismatch() error {
	return gateway.Fail(gateway.Invalid, "content-digest-mismatch", "The body is not the one that Content-Digest names.")
}
