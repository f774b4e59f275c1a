package catalog

import (
	"cmp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// place is where something stands in the files.
type place struct {
	file         string
	line, column int
}

// placeOf says where a node begins; a mapping begins with its first key.
func placeOf(file string, node *yaml.Node) place {
	if node.Kind == yaml.MappingNode && len(node.Content) > 0 {
		node = node.Content[0]
	}
	return place{file: file, line: node.Line, column: node.Column}
}

// record reads one YAML mapping key by key and reports each mistake where it
// stands. Keys that nobody asked for are mistakes too: see close.
type record struct {
	loader  *loader
	file    string
	at      place
	members []member
}

// member is a key of a record with its value. Records have few, so they are searched
// in their order.
type member struct {
	key, value *yaml.Node
	read       bool
}

// newRecord opens a mapping; anything else is a mistake and opens as an empty record.
func newRecord(l *loader, file string, node *yaml.Node) (*record, bool) {
	r := &record{loader: l, file: file, at: placeOf(file, node)}
	if node.Kind != yaml.MappingNode || node.Anchor != "" {
		l.report(r.at, "a mapping of keys to values is needed here")
		return nil, false
	}
	r.members = make([]member, 0, len(node.Content)/2)
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if _, plain := textOf(key); !plain {
			l.report(placeOf(file, key), "a key is plain text; merges and anchors are not read")
			continue
		}
		if before := r.member(key.Value); before != nil {
			l.report(placeOf(file, key), "the key %q stands here twice, first at line %d", key.Value, before.key.Line)
			continue
		}
		r.members = append(r.members, member{key: key, value: node.Content[i+1]})
	}
	return r, true
}

func (r *record) member(key string) *member {
	for i := range r.members {
		if r.members[i].key.Value == key {
			return &r.members[i]
		}
	}
	return nil
}

// close reports the keys that nobody read.
func (r *record) close() {
	unread := slices.DeleteFunc(r.members, func(m member) bool { return m.read })
	slices.SortFunc(unread, func(a, b member) int { return cmp.Compare(a.key.Value, b.key.Value) })
	for _, m := range unread {
		r.loader.report(placeOf(r.file, m.key), "the key %q is not known here", m.key.Value)
	}
}

// value returns the node of a key, and false where it is absent.
func (r *record) value(key string) (*yaml.Node, bool) {
	found := r.member(key)
	if found == nil {
		return nil, false
	}
	found.read = true
	return found.value, true
}

// place is where the value of a key that is there stands.
func (r *record) place(key string) place { return placeOf(r.file, r.member(key).value) }

// needed returns the node of a key that must be there.
func (r *record) needed(key string) (*yaml.Node, bool) {
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
	r.loader.define(kind, id, r.place(key))
	return id
}

// refer reads the name of another record.
func (r *record) refer(kind, key string) string {
	id := r.text(key)
	if id != "" {
		r.loader.refer(kind, id, r.place(key))
	}
	return id
}

// mayRefer reads the name of another record, which may be absent.
func (r *record) mayRefer(kind, key string) string {
	if _, present := r.value(key); !present {
		return ""
	}
	return r.refer(kind, key)
}

// refers reads a list of names of other records.
func (r *record) refers(kind, key string) []string {
	found := r.texts(key)
	if listed := r.member(key); listed != nil && listed.value.Kind == yaml.SequenceNode {
		for _, node := range listed.value.Content {
			if id, plain := textOf(node); plain && id != "" {
				r.loader.refer(kind, id, placeOf(r.file, node))
			}
		}
	}
	return found
}
