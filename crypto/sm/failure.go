package sm

// Failure is an error of this package; its values are constants, so that no one
// can replace them. Compare with errors.Is.
type Failure string

// Error returns the failure's text, which holds no value of the input.
func (f Failure) Error() string { return string(f) }

const (
	// ErrInvalid says that a signature is not valid for the key and message.
	ErrInvalid Failure = "sm: signature is not valid"
	// ErrUndecided says that it could not be decided whether a signature is
	// valid. Refuse, but never call it forged.
	ErrUndecided Failure = "sm: signature could not be decided"
	// ErrKey says that bytes are not a key of the kind asked for.
	ErrKey Failure = "sm: not a valid key"
	// ErrID says that a signer's id is not 1 to 8191 bytes.
	ErrID Failure = "sm: signer id is not 1 to 8191 bytes"
	// ErrEncoding says that an encoding or a format is none of those defined.
	ErrEncoding Failure = "sm: unknown encoding"
	// ErrPlaintext says that there is nothing to encrypt, or too much.
	ErrPlaintext Failure = "sm: plaintext is not 1 byte to 1 MiB"
	// ErrDecrypt says that a ciphertext does not decrypt. It is vague on
	// purpose: the reason would help whoever forges ciphertexts.
	ErrDecrypt Failure = "sm: ciphertext does not decrypt"
)
