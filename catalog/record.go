package catalog

import (
	"maps"
	"slices"

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
