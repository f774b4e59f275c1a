package postgres_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"kapok/gateway/postgres"
)

// TestPlainArrays: what our own code sends is, byte for byte, what pgx would send.
func TestPlainArrays(t *testing.T) {
	ours, theirs := pgtype.NewMap(), pgtype.NewMap()
	postgres.PlainArrays(ours)
	beijing := time.FixedZone("", 8*3600)
	for _, list := range []struct {
		oid   uint32
		value any
	}{
		{pgtype.ByteaArrayOID, [][]byte{{1, 2, 3}, {}, nil, bytes.Repeat([]byte{7}, 5000)}},
		{pgtype.ByteaArrayOID, [][]byte{{0}}},
		{pgtype.ByteaArrayOID, [][]byte{}},
		{pgtype.ByteaArrayOID, [][]byte(nil)},
		{pgtype.TextArrayOID, []string{"", "红棉", "a \"quoted\", {braced} text", "NULL"}},
		{pgtype.TextArrayOID, []string{}},
		{pgtype.Int8ArrayOID, []int64{0, 1, -1, 1 << 62}},
		{pgtype.TimestamptzArrayOID, []time.Time{
			time.Date(2026, 1, 2, 3, 4, 5, 678_901_234, time.UTC), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, beijing), time.Date(9999, 1, 1, 0, 0, 0, 0, beijing),
		}},
		{pgtype.TextArrayOID, []any{"left", nil, "to pgx"}},
	} {
		t.Run(fmt.Sprintf("%T of %d", list.value, list.oid), func(t *testing.T) {
			want, err := theirs.Encode(list.oid, pgtype.BinaryFormatCode, list.value, []byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := ours.Encode(list.oid, pgtype.BinaryFormatCode, list.value, []byte("before"))
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%x, %v\nwant %x", got, err, want)
			}
		})
	}
}
