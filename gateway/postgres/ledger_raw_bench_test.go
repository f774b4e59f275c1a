package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// rawRows are the rows that a log's batch of intents adds, by columns.
type rawRows struct {
	idx                                 []int64
	at, expires                         []time.Time
	kinds, subjects, owners, keys, refs []string
	ref, entry, openings, digests       [][]byte
}

// rawRowsOf takes n rows as a log sealed them and gives them places and keys of their
// own, so that they can be added again.
func rawRowsOf(sealed []ledger.Stored, from, n int) *rawRows {
	rows := &rawRows{}
	for i := from; i < from+n; i++ {
		one, now := sealed[i%len(sealed)], time.Now()
		ref := fmt.Sprintf("%016x%016x", i, i)
		rows.idx, rows.at, rows.kinds = append(rows.idx, int64(i)), append(rows.at, now), append(rows.kinds, "intent")
		rows.ref = append(rows.ref, []byte(fmt.Sprintf("%016x", uint64(i)*0x9e3779b97f4a7c15)))
		rows.entry, rows.openings = append(rows.entry, one.Entry), append(rows.openings, one.Openings)
		rows.subjects = append(rows.subjects, fmt.Sprintf("%032x", i%10_000))
		rows.owners, rows.keys, rows.refs = append(rows.owners, fmt.Sprint("raw-", i%100)), append(rows.keys, ref), append(rows.refs, ref)
		rows.digests, rows.expires = append(rows.digests, make([]byte, 32)), append(rows.expires, now.Add(6*time.Minute))
	}
	return rows
}

// insertRaw adds them as plainly as it can be done: one transaction, one prepared
// INSERT for each table, nothing looked up and nothing signed.
func insertRaw(ctx context.Context, conn *pgx.Conn, origin string, r *rawRows) error {
	send := &pgx.Batch{}
	send.Queue(`begin`)
	send.Queue(`insert into ledger_entries (origin, idx, at, kind, ref, entry)
		select $1, unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::text[]), unnest($5::bytea[]), unnest($6::bytea[])`, origin, r.idx, r.at, r.kinds, r.ref, r.entry)
	send.Queue(`insert into ledger_openings (origin, idx, openings) select $1, unnest($2::bigint[]), unnest($3::bytea[])`, origin, r.idx, r.openings)
	send.Queue(`insert into ledger_accesses (subject_ref, at, origin, idx)
		select unnest($2::text[]), unnest($3::timestamptz[]), $1, unnest($4::bigint[])`, origin, r.subjects, r.at, r.idx)
	send.Queue(`insert into ledger_open (origin, ref, idx) select $1, unnest($2::bytea[]), unnest($3::bigint[])`, origin, r.ref, r.idx)
	send.Queue(`insert into ledger_claims (owner, space, key, digest, ref, expires)
		select unnest($1::text[]), 'nonce', unnest($2::text[]), unnest($3::bytea[]), unnest($4::text[]), unnest($5::timestamptz[])`,
		r.owners, r.keys, r.digests, r.refs, r.expires)
	send.Queue(`commit`)
	return conn.SendBatch(ctx, send).Close()
}

// BenchmarkLedgerRatio measures, on one server and in turns, so that both meet the same
// machine, what the ledger appends with that many callers and what one connection
// inserts raw in batches of that many rows.
func BenchmarkLedgerRatio(b *testing.B) {
	for _, callers := range []int{64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			server, _ := pgtest.Durable(b)
			db, d := pgtest.Open(b, server.DSN()), newDistrict(b)
			sealed := sampleOfRows(b, db, d)
			conn, err := pgx.Connect(b.Context(), server.DSN())
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close(context.Background())
			postgres.PlainArrays(conn.TypeMap()) // it sends as the ledger does
			log := openLog(b, db.Ledger(), d.options(originB, "b"))
			const rounds, each = 6, 8 << 10
			var appended, raw time.Duration
			for round := range rounds {
				appended += appendFrom(b, log, callers, uint64(1000+round*each), each) * each
				raw += rawTime(b, conn, sealed, round*each, each, callers)
			}
			b.ReportMetric(0, "ns/op") // the whole is no measure of anything
			b.ReportMetric(rounds*each/appended.Seconds(), "appends/s")
			b.ReportMetric(rounds*each/raw.Seconds(), "raw/s")
			b.ReportMetric(raw.Seconds()/appended.Seconds(), "of-raw")
		})
	}
}

func rawTime(b *testing.B, conn *pgx.Conn, sealed []ledger.Stored, from, n, batch int) (took time.Duration) {
	b.Helper()
	for i := from; i < from+n; i += batch {
		rows := rawRowsOf(sealed, i, batch)
		began := time.Now()
		if err := insertRaw(b.Context(), conn, "kapok.example.cn/raw", rows); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	return took
}

// sampleOfRows seals some intents and reads them back.
func sampleOfRows(b *testing.B, db *postgres.DB, d district) []ledger.Stored {
	b.Helper()
	log := openLog(b, db.Ledger(), d.options(originA, "a"))
	sealed := make([]ledger.Stored, 64)
	for i := range sealed {
		if _, err := log.Append(b.Context(), intent(uint64(i))); err != nil {
			b.Fatal(err)
		}
		var err error
		if sealed[i], err = db.Ledger().Stored(b.Context(), originA, uint64(i)); err != nil {
			b.Fatal(err)
		}
	}
	return sealed
}
