package gjgxjhpt

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// value is one JSON value, known to be valid and without space around it. An
// answer is checked once and then walked: that is several times cheaper than
// decoding it into maps, and it sees a name that stands twice.
type value []byte

// parse checks a whole body: one JSON value, in UTF-8.
func parse(body []byte) (value, bool) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, false
	}
	return value(bytes.TrimSpace(body)), true
}

func (v value) isObject() bool { return v[0] == '{' }
func (v value) isArray() bool  { return v[0] == '[' }
func (v value) isNull() bool   { return v[0] == 'n' }

// text returns a string, a number as it is written, true or false, and "" for
// null; false for an object or an array.
func (v value) text() (string, bool) {
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

func unquote(v value) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var text string
	if json.Unmarshal(v, &text) != nil {
		panic("gjgxjhpt: a string that was valid JSON is not") // parse has seen it
	}
	return text
}

// member returns the value of an object's member, and false where it is missing
// or stands twice, or v is no object.
func (v value) member(name string) (found value, once bool) {
	for candidate, inner := range v.members() {
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

// members yields the members of an object, in their order; nothing of other values.
func (v value) members() iter.Seq2[string, value] {
	return func(yield func(string, value) bool) {
		if !v.isObject() {
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

// elements yields the elements of an array; nothing of other values.
func (v value) elements() iter.Seq[value] {
	return func(yield func(value) bool) {
		if !v.isArray() {
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

func (v value) trim() value { return value(bytes.TrimLeft(v, " \t\r\n")) }

func (v value) pastComma() value {
	if v[0] == ',' {
		return v[1:].trim()
	}
	return v
}

// cut returns the first value and what follows it.
func (v value) cut() (first, rest value) {
	end := v.end()
	return v[:end:end], v[end:]
}

func (v value) end() int {
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
func (v value) stringEnd(start int) int {
	for at := start + 1; ; at++ {
		switch v[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
}

func (v value) nestedEnd() int {
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
