package ofd

import "fmt"

// Failure says why a container or a part of it was refused; match with errors.Is.
type Failure string

// Error returns the failure's text.
func (f Failure) Error() string { return string(f) }

// The reasons. None of them says that a document is forged.
const (
	ErrContainer Failure = "ofd: the container cannot be read without doubt"
	ErrLimit     Failure = "ofd: a limit is exceeded"
	ErrXML       Failure = "ofd: an XML file cannot be read"
	ErrMissing   Failure = "ofd: a file is missing"
	ErrPath      Failure = "ofd: a path leads out of the container"
	ErrInput     Failure = "ofd: a part to be written is missing or wrong"
)

func refuse(reason Failure, format string, args ...any) error {
	return fmt.Errorf("%w: %s", reason, fmt.Sprintf(format, args...))
}
