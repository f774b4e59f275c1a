package policies

import (
	"slices"
	"strings"
	"sync"

	"github.com/cedar-policy/cedar-go"
)

// reads is a set of attributes of the context, a bit each in the order of contextValues.
type reads uint

// readsOf names attributes; the whole context is all of them.
func readsOf(names []cedar.String) reads {
	var set reads
	for i, attribute := range contextValues {
		if slices.Contains(names, attribute.name) || slices.Contains(names, wholeContext) {
			set |= 1 << i
		}
	}
	return set
}

// contextValues makes the type Request of the schema. key writes an attribute's value
// so that different values are written differently.
var contextValues = []struct {
	name cedar.String
	of   func(*Input) cedar.Value
	key  func(*Input) string
}{
	{"fields", func(in *Input) cedar.Value { return texts(in.Ask.Fields) }, func(in *Input) string { return strings.Join(in.Ask.Fields, "\n") }},
	{"sensitive", func(in *Input) cedar.Value { return texts(sensitive(in)) }, func(in *Input) string { return strings.Join(sensitive(in), "\n") }},
	{"service_item", func(in *Input) cedar.Value { return cedar.String(in.Ask.ServiceItem) }, func(in *Input) string { return in.Ask.ServiceItem }},
	{"purpose", func(in *Input) cedar.Value { return cedar.String(in.Ask.Purpose) }, func(in *Input) string { return in.Ask.Purpose }},
	{"basis", func(in *Input) cedar.Value { return uid(basisType, in.Basis.Kind) }, func(in *Input) string { return in.Basis.Kind }},
	{"case_bound", func(in *Input) cedar.Value { return cedar.Boolean(in.Basis.CaseNo != "") }, func(in *Input) string {
		if in.Basis.CaseNo != "" {
			return "bound"
		}
		return ""
	}},
}

const contextSize = 6

// contextKey is what a context is made from.
type contextKey struct {
	reads  reads
	values [contextSize]string
}

// contexts remembers contexts by what they were made from: Cedar's records are costly
// to make and never change, and a district's requests have few different ones. It is
// emptied whole when it is full.
type contexts struct {
	mu   sync.RWMutex
	made map[contextKey]cedar.Record
}

const maxContexts = 1 << 12

func newContexts() *contexts { return &contexts{made: map[contextKey]cedar.Record{}} }

// of returns the context with the attributes that are read.
func (c *contexts) of(in *Input, read reads) cedar.Record {
	key := contextKey{reads: read}
	for i := range contextValues {
		if read&(1<<i) != 0 {
			key.values[i] = contextValues[i].key(in)
		}
	}
	c.mu.RLock()
	made, known := c.made[key]
	c.mu.RUnlock()
	if known {
		return made
	}
	made = contextOf(in, read)
	c.keep(key, made)
	return made
}

func contextOf(in *Input, read reads) cedar.Record {
	values := make(cedar.RecordMap, len(contextValues))
	for i, attribute := range contextValues {
		if read&(1<<i) != 0 {
			values[attribute.name] = attribute.of(in)
		}
	}
	return cedar.NewRecord(values)
}

// keep copies the texts of the key: they may be of a request's body, which is not to
// be held.
func (c *contexts) keep(key contextKey, made cedar.Record) {
	for i := range key.values {
		key.values[i] = strings.Clone(key.values[i])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.made) >= maxContexts {
		clear(c.made)
	}
	c.made[key] = made
}
