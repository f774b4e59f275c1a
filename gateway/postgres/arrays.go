package postgres

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// Lists of the plain types that batches are made of are sent as arrays by code of our
// own: pgx asks for each element through an interface, allocates for each, and lets its
// buffer grow by doubling, which was a third of what the ledger spent on sending.

// arrayCodec sends lists of T in its own way, and leaves all else to pgx.
type arrayCodec[T any] struct {
	pgtype.Codec
	element elementCodec[T]
}

// elementCodec writes the bytes of one element in the binary format.
type elementCodec[T any] struct {
	oid    uint32
	size   func(T) int // of the bytes; −1 for NULL
	append func([]byte, T) []byte
}

func (c arrayCodec[T]) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, plain := value.([]T); plain && format == pgtype.BinaryFormatCode {
		return arrayPlan[T](c.element)
	}
	return c.Codec.PlanEncode(m, oid, format, value)
}

type arrayPlan[T any] elementCodec[T]

const arrayHead = 5 * 4 // dimensions, whether there are NULLs, element type, length, lower bound

// Encode appends the array; pgx has seen to it that value is a list of T.
func (p arrayPlan[T]) Encode(value any, out []byte) ([]byte, error) {
	list := value.([]T) //nolint:forcetypeassert // PlanEncode has looked
	size, nulls := arrayHead, uint32(0)
	for _, one := range list {
		if n := p.size(one); n >= 0 {
			size += 4 + n
			continue
		}
		size, nulls = size+4, 1
	}
	out = appendInt32s(slices.Grow(out, size), 1, nulls, p.oid, uint32(len(list)), 1)
	for _, one := range list {
		out = p.append(appendInt32s(out, uint32(int32(p.size(one)))), one)
	}
	return out, nil
}

func appendInt32s(out []byte, numbers ...uint32) []byte {
	for _, number := range numbers {
		out = binary.BigEndian.AppendUint32(out, number)
	}
	return out
}

// plainArrays makes a connection send lists of bytes, texts, numbers and times so.
func plainArrays(m *pgtype.Map) {
	registerArray(m, pgtype.ByteaArrayOID, elementCodec[[]byte]{pgtype.ByteaOID, bytesSize, func(out, b []byte) []byte { return append(out, b...) }})
	registerArray(m, pgtype.TextArrayOID, elementCodec[string]{
		pgtype.TextOID,
		func(s string) int { return len(s) },
		func(out []byte, s string) []byte { return append(out, s...) },
	})
	registerArray(m, pgtype.Int8ArrayOID, elementCodec[int64]{
		pgtype.Int8OID,
		func(int64) int { return 8 },
		func(out []byte, n int64) []byte { return binary.BigEndian.AppendUint64(out, uint64(n)) },
	})
	registerArray(m, pgtype.TimestamptzArrayOID, elementCodec[time.Time]{
		pgtype.TimestamptzOID,
		func(time.Time) int { return 8 },
		func(out []byte, t time.Time) []byte {
			return binary.BigEndian.AppendUint64(out, uint64(t.UnixMicro()-epoch2000))
		},
	})
}

func bytesSize(b []byte) int {
	if b == nil {
		return -1
	}
	return len(b)
}

// epoch2000 is where PostgreSQL's times begin: 2000-01-01T00:00:00Z in µs of Unix.
const epoch2000 = 946_684_800_000_000

func registerArray[T any](m *pgtype.Map, oid uint32, element elementCodec[T]) {
	known, found := m.TypeForOID(oid)
	if !found {
		return // pgx knows it; if it did not, it would send it in no way
	}
	m.RegisterType(&pgtype.Type{Name: known.Name, OID: oid, Codec: arrayCodec[T]{known.Codec, element}})
}
