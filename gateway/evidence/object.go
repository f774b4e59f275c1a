package evidence

import (
	"encoding/base64"
	"strconv"
	"time"

	"kapok/gateway/ledger"
)

// Object writes one JSON object in the canonical form of RFC 8785, for the hot path:
// without reflection and without sorting. The caller gives the members in ascending
// order of their names, which are plain ASCII; a test compares what it writes with
// another implementation. The zero value is ready.
type Object struct{ out []byte }

// NewObject has room for size bytes.
func NewObject(size int) Object { return Object{make([]byte, 0, size)} }

func (o *Object) name(name string) {
	before := byte(',')
	if len(o.out) == 0 {
		before = '{'
	}
	o.out = append(append(append(o.out, before, '"'), name...), '"', ':')
}

// Text adds a string, which is UTF-8.
func (o *Object) Text(name, value string) {
	o.name(name)
	o.out = ledger.AppendJSONString(o.out, value)
}

// Texts adds an array of strings.
func (o *Object) Texts(name string, values []string) {
	o.name(name)
	o.out = append(o.out, '[')
	for i, value := range values {
		if i > 0 {
			o.out = append(o.out, ',')
		}
		o.out = ledger.AppendJSONString(o.out, value)
	}
	o.out = append(o.out, ']')
}

// Bytes adds bytes in base64 (RFC 4648 §4).
func (o *Object) Bytes(name string, value []byte) {
	o.name(name)
	o.out = append(o.out, '"')
	o.out = base64.StdEncoding.AppendEncode(o.out, value)
	o.out = append(o.out, '"')
}

// Number adds a whole number below 2^53.
func (o *Object) Number(name string, value int) {
	o.name(name)
	o.out = strconv.AppendInt(o.out, int64(value), 10)
}

// Bool adds true or false.
func (o *Object) Bool(name string, value bool) {
	o.name(name)
	o.out = strconv.AppendBool(o.out, value)
}

// Time adds a moment, UTC, as encoding/json writes it.
func (o *Object) Time(name string, at time.Time) {
	o.name(name)
	o.out = append(o.out, '"')
	o.out = at.UTC().AppendFormat(o.out, time.RFC3339Nano)
	o.out = append(o.out, '"')
}

// Raw adds JSON that is canonical already; nil is null.
func (o *Object) Raw(name string, value []byte) {
	o.name(name)
	if value == nil {
		value = []byte("null")
	}
	o.out = append(o.out, value...)
}

// End closes the object and returns it.
func (o *Object) End() []byte {
	if len(o.out) == 0 {
		return []byte("{}")
	}
	return append(o.out, '}')
}
