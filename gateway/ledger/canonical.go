package ledger

import (
	"encoding/base64"
	"strconv"
)

// The canonical JSON of RFC 8785 for the few shapes of this package: objects whose
// members are written in the order of their names, strings, whole numbers below
// 2^53, arrays. A test compares it with an independent implementation.

const hexDigits = "0123456789abcdef"

var jsonEscapes = map[byte]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// AppendJSONString writes s, which is UTF-8, as RFC 8785 §3.2.2.2 has it.
func AppendJSONString(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			out = append(out, c)
			continue
		}
		if short, ok := jsonEscapes[c]; ok {
			out = append(out, '\\', short)
			continue
		}
		out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(out, '"')
}

func appendJSONBytes(out, raw []byte) []byte {
	out = append(out, '"')
	out = base64.StdEncoding.AppendEncode(out, raw)
	return append(out, '"')
}

func appendJSONByteses(out []byte, list [][]byte) []byte {
	return appendJSONList(out, list, appendJSONBytes)
}

func appendJSONList[T any](out []byte, list []T, one func([]byte, T) []byte) []byte {
	out = append(out, '[')
	for i, item := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = one(out, item)
	}
	return append(out, ']')
}

func appendJSONNumber(out []byte, n uint64) []byte { return strconv.AppendUint(out, n, 10) }

// maxJSONNumber: above it, readers in other languages lose digits (RFC 7493 §2.2).
const maxJSONNumber = 1<<53 - 1
