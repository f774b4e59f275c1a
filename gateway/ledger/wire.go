package ledger

import (
	"encoding/binary"
	"errors"
)

// appendShort writes a string of at most 255 bytes after its length.
func appendShort(out []byte, s string) []byte {
	return append(append(out, byte(len(s))), s...)
}

// reader reads the binary encodings. After the first shortage it yields zeros, and
// end reports it.
type reader struct {
	rest  []byte
	ended bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.rest, r.ended = nil, true
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) short() []byte  { return r.take(int(r.byte())) }
func (r *reader) long() []byte   { return r.take(int(binary.BigEndian.Uint16(r.take(2)))) }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) hash() Hash     { return Hash(r.take(HashSize)) }

func (r *reader) end() error {
	if r.ended {
		return errors.New("it ends too early")
	}
	if len(r.rest) > 0 {
		return errors.New("bytes follow its end")
	}
	return nil
}
