package jsonrecords

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Value is one JSON value, known to be valid and without space around it. An
// answer is checked once and then walked: that is several times cheaper than
// decoding it into maps, and it sees a name that stands twice.
type Value []byte

// Parse checks a whole body: one JSON value, in UTF-8.
func Parse(body []byte) (Value, bool) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, false
	}
	return Value(bytes.TrimSpace(body)), true
}

// IsObject reports whether it is an object.
func (v Value) IsObject() bool { return v[0] == '{' }

// IsArray reports whether it is an array.
func (v Value) IsArray() bool { return v[0] == '[' }

// IsNull reports whether it is null.
func (v Value) IsNull() bool { return v[0] == 'n' }

// Text returns a string, a number as it is written, true or false, and "" for
// null; false for an object or an array.
func (v Value) Text() (string, bool) {
	switch v[0] {
	case '{', '[':
		return "", false
	case 'n':
		return "", true
	case '"':
		return unquote(v), true
	}
	return string(v), true
}

func unquote(v Value) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var text string
	if json.Unmarshal(v, &text) != nil {
		panic("jsonrecords: a string that was valid JSON is not") // Parse has seen it
	}
	return text
}

// Member returns the value of an object's member, and false where it is missing
// or stands twice, or v is no object.
func (v Value) Member(name string) (found Value, once bool) {
	for candidate, inner := range v.Members() {
		if candidate != name {
			continue
		}
		if once {
			return nil, false
		}
		found, once = inner, true
	}
	return found, once
}

// Members yields the members of an object, in their order; nothing of other values.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if !v.IsObject() {
			return
		}
		rest := v[1:].trim()
		for rest[0] != '}' {
			name, after := rest.cut()
			inner, next := after.trim()[1:].trim().cut() // over the colon
			if !yield(unquote(name), inner) {
				return
			}
			rest = next.trim().pastComma()
		}
	}
}

// Elements yields the elements of an array; nothing of other values.
func (v Value) Elements() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if !v.IsArray() {
			return
		}
		rest := v[1:].trim()
		for rest[0] != ']' {
			inner, next := rest.cut()
			if !yield(inner) {
				return
			}
			rest = next.trim().pastComma()
		}
	}
}

func (v Value) trim() Value { return Value(bytes.TrimLeft(v, " \t\r\n")) }

func (v Value) pastComma() Value {
	if v[0] == ',' {
		return v[1:].trim()
	}
	return v
}

// cut returns the first value and what follows it.
func (v Value) cut() (first, rest Value) {
	end := v.end()
	return v[:end:end], v[end:]
}

func (v Value) end() int {
	switch v[0] {
	case '"':
		return v.stringEnd(0)
	case '{', '[':
		return v.nestedEnd()
	}
	if end := bytes.IndexAny(v, ",]} \t\r\n"); end >= 0 {
		return end
	}
	return len(v)
}

// stringEnd returns the position after the string that starts at start.
func (v Value) stringEnd(start int) int {
	for at := start + 1; ; at++ {
		switch v[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
}

func (v Value) nestedEnd() int {
	depth := 0
	for at := 0; ; at++ {
		switch v[at] {
		case '"':
			at = v.stringEnd(at) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return at + 1
			}
		}
	}
}
