package catalog

import (
	"fmt"
	"strings"
)

// Problem is one mistake in the files, at the place where a person mends it.
type Problem struct {
	File    string
	Line    int // from 1; 0 where the file as a whole is at fault
	Column  int // from 1, in characters
	Message string
}

// String has the form that editors jump to: file:line:column: message.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Problems is every mistake that [Load] found, ordered by file and place.
type Problems []Problem

// Error lists one mistake a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}
