package connectors

import "fmt"

// Fault is one of the ways in which a source fails. Connectors wrap it with
// what happened; errors.Is finds it again.
type Fault string

// The four faults. Which one it is decides what the caller is told and whether
// a later try may help.
const (
	ErrUnavailable Fault = "the source cannot be reached or says that it failed"
	ErrTimeout     Fault = "the source did not answer in time"
	ErrRefused     Fault = "the source refused the request"
	ErrGarbage     Fault = "the source's answer breaks its own protocol"
)

// Error names the fault.
func (f Fault) Error() string { return string(f) }

// ErrAnotherPerson is the garbage that matters most: a record about somebody who
// was not asked about. It is [ErrGarbage] too.
var ErrAnotherPerson = fmt.Errorf("%w: another person's record", ErrGarbage)

// ErrAbolished says that the source holds the licence asked for, and that it was abolished
// (废止). It is [ErrRefused] too.
var ErrAbolished = fmt.Errorf("%w: the licence was abolished", ErrRefused)

// ErrNobody is a question without a subject; nothing is sent. It is [ErrRefused] too.
var ErrNobody = fmt.Errorf("%w: the question names no subject", ErrRefused)
