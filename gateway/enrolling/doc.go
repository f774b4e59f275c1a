// Package enrolling is how a department's system comes by a key and loses it: a person of
// the department proposes, with a statement that the new key itself signed; another person
// of the same department confirms. A new key may overlap with the one that it replaces,
// which then ends by itself. A key that is revoked ends at once, on every node, and one
// person is enough for that: what it takes away comes back only by two.
//
// It must not know HTTP or SQL, nor how people sign in.
package enrolling
