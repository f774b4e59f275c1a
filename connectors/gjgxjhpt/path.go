package gjgxjhpt

import (
	"fmt"
	"strings"
)

// path leads through the objects of an answer, as an RFC 6901 pointer does.
type path []string

func parsePath(pointer string) (path, error) {
	rest, rooted := strings.CutPrefix(pointer, "/")
	if !rooted || rest == "" {
		return nil, fmt.Errorf("%q is not an RFC 6901 pointer to a member", pointer)
	}
	var steps path
	for _, step := range strings.Split(rest, "/") {
		steps = append(steps, strings.NewReplacer("~1", "/", "~0", "~").Replace(step))
	}
	return steps, nil
}

// follow returns the value at the path's end, and false where a member on the
// way is missing or stands twice.
func (p path) follow(from value) (found value, present bool) {
	found = from
	for _, name := range p {
		if found, present = found.member(name); !present {
			return nil, false
		}
	}
	return found, present
}

// text returns the plain value at the path's end.
func (p path) text(from value) (string, bool) {
	found, present := p.follow(from)
	if !present {
		return "", false
	}
	return found.text()
}
