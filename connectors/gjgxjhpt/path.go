package gjgxjhpt

import (
	"encoding/json"
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
// way is missing or is no object.
func (p path) follow(members map[string]json.RawMessage) (json.RawMessage, bool) {
	for i, name := range p {
		value, present := members[name]
		if !present || i == len(p)-1 {
			return value, present
		}
		members = nil
		if json.Unmarshal(value, &members) != nil {
			return nil, false
		}
	}
	return nil, false
}
