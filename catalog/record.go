package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// place is where something stands in the files.
type place struct {
	file         string
	line, column int
}

// placeOf says where a node begins; a mapping begins with its first key.
func placeOf(file string, node ast.Node) place {
	if mapping, ok := node.(ast.MapNode); ok {
		if entries := mapping.MapRange(); entries.Next() {
			node = entries.Key()
		}
	}
	position := node.GetToken().Position
	return place{file: file, line: position.Line, column: position.Column}
}

// record reads one YAML mapping key by key and reports each mistake where it
// stands. Keys that nobody asked for are mistakes too: see close.
type record struct {
	loader *loader
	file   string
	at     place
	values map[string]ast.Node
	keys   map[string]place
	read   map[string]bool
}

// newRecord opens a mapping; anything else is a mistake and opens as an empty record.
func newRecord(l *loader, file string, node ast.Node) (*record, bool) {
	r := &record{
		loader: l, file: file, at: placeOf(file, node),
		values: map[string]ast.Node{}, keys: map[string]place{}, read: map[string]bool{},
	}
	mapping, ok := node.(ast.MapNode)
	if !ok {
		l.report(r.at, "a mapping of keys to values is needed here")
		return nil, false
	}
	for entries := mapping.MapRange(); entries.Next(); {
		key, plain := entries.Key().(ast.Node).(*ast.StringNode)
		if !plain {
			l.report(placeOf(file, entries.Key()), "a key is plain text; merges and anchors are not read")
			continue
		}
		r.values[key.Value] = entries.Value()
		r.keys[key.Value] = placeOf(file, key)
	}
	return r, true
}

// close reports the keys that nobody read.
func (r *record) close() {
	for _, key := range slices.Sorted(maps.Keys(r.values)) {
		if !r.read[key] {
			r.loader.report(r.keys[key], "the key %q is not known here", key)
		}
	}
}

// value returns the node of a key, and false where it is absent.
func (r *record) value(key string) (ast.Node, bool) {
	r.read[key] = true
	node, present := r.values[key]
	return node, present
}

// needed returns the node of a key that must be there.
func (r *record) needed(key string) (ast.Node, bool) {
	node, present := r.value(key)
	if !present {
		r.loader.report(r.at, "the key %q is missing", key)
	}
	return node, present
}

// scalar reads text of one line or more and applies the checks in order.
func (r *record) scalar(key string, node ast.Node, checks []check) (string, bool) {
	text, ok := textOf(node)
	if !ok {
		r.loader.report(placeOf(r.file, node), "%s: text is needed; put numbers and dates in quotes", key)
		return "", false
	}
	if strings.TrimSpace(text) == "" {
		r.loader.report(placeOf(r.file, node), "%s: the text is empty", key)
		return "", false
	}
	for _, check := range checks {
		if err := check(text); err != nil {
			r.loader.report(placeOf(r.file, node), "%s: %v", key, err)
			return "", false
		}
	}
	return text, true
}

func textOf(node ast.Node) (string, bool) {
	switch known := node.(type) {
	case *ast.StringNode:
		return known.Value, true
	case *ast.LiteralNode:
		return strings.TrimSpace(known.Value.Value), true
	}
	return "", false
}

// text reads a key that must be there.
func (r *record) text(key string, checks ...check) string {
	node, present := r.needed(key)
	if !present {
		return ""
	}
	text, _ := r.scalar(key, node, checks)
	return text
}

// optional reads a key that may be absent.
func (r *record) optional(key string, checks ...check) string {
	node, present := r.value(key)
	if !present {
		return ""
	}
	text, _ := r.scalar(key, node, checks)
	return text
}

// flag reads true or false; absent is false.
func (r *record) flag(key string) bool {
	node, present := r.value(key)
	if !present {
		return false
	}
	known, ok := node.(*ast.BoolNode)
	if !ok {
		r.loader.report(placeOf(r.file, node), "%s: true or false is needed", key)
		return false
	}
	return known.Value
}

// number reads a whole number from 1 up.
func (r *record) number(key string) int {
	node, present := r.needed(key)
	if !present {
		return 0
	}
	known, ok := node.(*ast.IntegerNode)
	if ok {
		if value, fits := known.Value.(uint64); fits && value >= 1 && value <= 1_000_000_000 {
			return int(value)
		}
	}
	r.loader.report(placeOf(r.file, node), "%s: a whole number from 1 to 1000000000 is needed", key)
	return 0
}

// elements returns the members of a list that must be there; it may be empty.
func (r *record) elements(key string) []ast.Node {
	node, present := r.needed(key)
	if !present {
		return nil
	}
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		r.loader.report(placeOf(r.file, node), "%s: a list is needed", key)
		return nil
	}
	return list.Values
}

// texts reads a list of different texts.
func (r *record) texts(key string, checks ...check) []string {
	found := []string{}
	for _, node := range r.elements(key) {
		text, ok := r.scalar(key, node, checks)
		if !ok {
			continue
		}
		if slices.Contains(found, text) {
			r.loader.report(placeOf(r.file, node), "%s: %q stands here twice", key, text)
			continue
		}
		found = append(found, text)
	}
	return found
}

// records reads a list of mappings.
func (r *record) records(key string, read func(*record)) {
	for _, node := range r.elements(key) {
		if inner, ok := newRecord(r.loader, r.file, node); ok {
			read(inner)
			inner.close()
		}
	}
}

// settings reads a mapping of text to text whose placeholders are all known.
func (r *record) settings(key string) map[string]string {
	found := map[string]string{}
	node, present := r.value(key)
	if !present {
		return found
	}
	inner, ok := newRecord(r.loader, r.file, node)
	if !ok {
		return found
	}
	for name := range inner.values {
		found[name] = inner.text(name, r.loader.placeholdersKnown)
	}
	return found
}

// define reads the key that names the record, once in all files.
func (r *record) define(kind, key string, checks ...check) string {
	id := r.text(key, checks...)
	if id == "" {
		return ""
	}
	r.loader.define(kind, id, placeOf(r.file, r.values[key]))
	return id
}

// refer reads the name of another record.
func (r *record) refer(kind, key string) string {
	id := r.text(key)
	r.loader.refer(kind, id, r.values[key], r.file)
	return id
}

// refers reads a list of names of other records.
func (r *record) refers(kind, key string) []string {
	found := r.texts(key)
	if list, ok := r.values[key].(*ast.SequenceNode); ok {
		for _, node := range list.Values {
			if id, plain := textOf(node); plain {
				r.loader.refer(kind, id, node, r.file)
			}
		}
	}
	return found
}

// oneOf makes a check from a table of allowed words.
func oneOf[T ~string](allowed ...T) check {
	return func(text string) error {
		if slices.Contains(allowed, T(text)) {
			return nil
		}
		return fmt.Errorf("%q is not one of %v", text, allowed)
	}
}
