package policies

import (
	"cmp"
	"slices"
	"sync"
)

// Set is a loaded and validated set of policies. It never changes and is safe for
// concurrent use; contexts only remembers values that it has made, and desks lends memory.
type Set struct {
	rules    index
	contexts *contexts
	desks    sync.Pool // of *desk
	mentions []Mention
	digest   string
	count    int
}

// Digest is the SM3 of all files of the set, as 64 hexadecimal digits.
func (s *Set) Digest() string { return s.digest }

// Len is how many policies the set holds.
func (s *Set) Len() int { return s.count }

// inOrder sorts policies as the layers stand: national first.
func inOrder(rules []*rule) {
	slices.SortFunc(rules, func(a, b *rule) int { return cmp.Compare(a.order, b.order) })
}
