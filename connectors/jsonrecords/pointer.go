package jsonrecords

import (
	"fmt"
	"strings"
)

// Pointer leads through the objects of an answer, as an RFC 6901 pointer does.
type Pointer []string

// ParsePointer reads a pointer to a member; the whole document is none.
func ParsePointer(pointer string) (Pointer, error) {
	rest, rooted := strings.CutPrefix(pointer, "/")
	if !rooted || rest == "" {
		return nil, fmt.Errorf("%q is not an RFC 6901 pointer to a member", pointer)
	}
	var steps Pointer
	for _, step := range strings.Split(rest, "/") {
		steps = append(steps, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
	}
	return steps, nil
}

// Follow returns the value at the pointer's end, and false where a member on the
// way is missing or stands twice.
func (p Pointer) Follow(from Value) (found Value, present bool) {
	found = from
	for _, name := range p {
		if found, present = found.Member(name); !present {
			return nil, false
		}
	}
	return found, present
}

// Text returns the plain value at the pointer's end.
func (p Pointer) Text(from Value) (string, bool) {
	found, present := p.Follow(from)
	if !present {
		return "", false
	}
	return found.Text()
}
