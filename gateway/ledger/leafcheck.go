package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// errEncoding is one error for every breach, because whoever reads a whole log has
// the entry's index to look further with [ParseLeaf].
var errEncoding = errors.New("it is not an entry in its canonical encoding")

// checkEncoded accepts what [ParseLeaf] accepts, and keeps nothing: a log of
// millions of entries is read without an allocation for each. It returns the
// entry's time in milliseconds since 1970.
func checkEncoded(encoded []byte) (at int64, err error) {
	if len(encoded) == 0 || encoded[0] != entryVersion {
		return 0, errEncoding
	}
	kind, rest, ok := cutShort(encoded[1:])
	if !ok || !wordFits(kind, "-") {
		return 0, errEncoding
	}
	ref, rest, ok := cutShort(rest)
	if !ok || len(ref) != 0 && len(ref) != refBytes || len(rest) < 9 {
		return 0, errEncoding
	}
	at = int64(binary.BigEndian.Uint64(rest))
	if at < 0 || !fieldsFit(rest[8], rest[9:]) {
		return 0, errEncoding
	}
	return at, nil
}

// isRetired reports whether an encoded entry is of the kind that ends its log.
func isRetired(encoded []byte) bool {
	kind, _, ok := cutShort(encoded[1:])
	return ok && string(kind) == string(RetiredKind)
}

func fieldsFit(count byte, rest []byte) bool {
	if count > maxFields {
		return false
	}
	var before []byte
	for range count {
		name, after, ok := cutShort(rest)
		if !ok || !nameFits(name) || bytes.Compare(before, name) >= 0 || len(after) < HashSize {
			return false
		}
		before, rest = name, after[HashSize:]
	}
	return len(rest) == 0
}

// cutShort takes a string that stands after its length.
func cutShort(from []byte) (word, rest []byte, ok bool) {
	if len(from) == 0 || len(from) <= int(from[0]) {
		return nil, nil, false
	}
	end := 1 + int(from[0])
	return from[1:end], from[end:], true
}
