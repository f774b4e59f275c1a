package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/sm"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// tampers is how many random tampers are tried; KAPOK_TAMPERS sets another number.
const tampers = 132

// number reads a test's size from the environment.
func number(t testing.TB, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return n
}

// victim is a database with two logs, as an auditor meets it.
type victim struct {
	db      *postgres.DB
	d       district
	options ledger.AuditOptions
}

func newVictim(t testing.TB) victim {
	t.Helper()
	v := victim{db: pgtest.New(t), d: newDistrict(t)}
	for i, origin := range []string{originA, originB} {
		log := openLog(t, v.db.Ledger(), v.d.options(origin, origin))
		appendMany(t, log, 300+200*i, func(ledger.Sealed) {})
		for j := range 20 { // intents and their outcomes, and entries that concern nobody
			if _, err := log.Append(t.Context(), anIntent(origin, j)); err != nil {
				t.Fatal(err)
			}
			if j%4 != 0 {
				continue
			}
			if _, err := log.Append(t.Context(), ledger.Append{Entry: func(ledger.Found) ledger.Entry {
				return ledger.Entry{Kind: "token", At: time.Now(), Fields: []ledger.Field{{Name: "system", Value: "sys-hall"}}}
			}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err := v.db.EraseSubject(t.Context(), postgres.Erasure{Subject: fmt.Sprintf("%032x", 6), Actor: "bureau-7", Reason: "测试", At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	waitForErasure(t, v.db)
	anchors, err := v.db.Ledger().Checkpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v.options = ledger.AuditOptions{Bundle: v.d.bundle, Verifier: sm.NewVerifier(sm.VerifierOptions{}), Anchors: anchors}
	return v
}

// waitForErasure waits until a log has sealed the erasure, which is lawful: the audit
// must let it pass.
func waitForErasure(t testing.TB, db *postgres.DB) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var sealed bool
		err := db.Pool().QueryRow(t.Context(), `select exists (select from ledger_entries where kind = 'subject-erased')`).Scan(&sealed)
		if err != nil {
			t.Fatal(err)
		}
		if sealed {
			return
		}
	}
	t.Fatal("the erasure was not sealed")
}

func anIntent(origin string, i int) ledger.Append {
	sum := sm.Sum([]byte(origin), []byte{byte(i)})
	return ledger.Append{Subject: fmt.Sprintf("%032x", i), Entry: func(ledger.Found) ledger.Entry {
		return ledger.Entry{Kind: ledger.IntentKind, Ref: fmt.Sprintf("%x", sum[:16]), At: time.Now(), Fields: []ledger.Field{{Name: "system", Value: "sys-hall"}}}
	}}
}

func TestAuditOfWhatWasNotAltered(t *testing.T) {
	v := newVictim(t)
	report, err := v.db.Ledger().Audit(t.Context(), v.options)
	if err != nil || !report.OK() {
		t.Fatalf("%+v, %v", report.Altered, err)
	}
	if report.Logs != 2 || report.Entries != 300+500+2*25+1 {
		t.Errorf("%d logs, %d entries", report.Logs, report.Entries)
	}
}

// tamper changes one thing as the database's superuser, at random; it returns how
// many rows it touched, and what a reader is to know of it.
type tamper struct {
	name string
	do   func(t *testing.T, tx pgx.Tx, random *rand.Rand, v victim, origin string) int64
}

// at runs a statement whose $1 is the origin and $2 a random index of an entry.
func at(statement string) func(*testing.T, pgx.Tx, *rand.Rand, victim, string) int64 {
	return func(t *testing.T, tx pgx.Tx, random *rand.Rand, _ victim, origin string) int64 {
		return exec(t, tx, statement, origin, random.Int64N(sizeOf(t, tx, origin)))
	}
}

func whole(statement string) func(*testing.T, pgx.Tx, *rand.Rand, victim, string) int64 {
	return func(t *testing.T, tx pgx.Tx, _ *rand.Rand, _ victim, origin string) int64 {
		return exec(t, tx, statement, origin)
	}
}

func exec(t *testing.T, tx pgx.Tx, statement string, args ...any) int64 {
	t.Helper()
	done, err := tx.Exec(context.Background(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	return done.RowsAffected()
}

func sizeOf(t *testing.T, tx pgx.Tx, origin string) (size int64) {
	t.Helper()
	if err := tx.QueryRow(t.Context(), `select count(*) from ledger_entries where origin = $1`, origin).Scan(&size); err != nil {
		t.Fatal(err)
	}
	return size
}

// flip changes one random bit of a column.
func flip(table, column, where string) func(*testing.T, pgx.Tx, *rand.Rand, victim, string) int64 {
	return func(t *testing.T, tx pgx.Tx, random *rand.Rand, _ victim, origin string) int64 {
		statement := fmt.Sprintf(`update %[1]s set %[2]s = set_bit(%[2]s, $3::bigint %% (octet_length(%[2]s) * 8), 1 - get_bit(%[2]s, $3::bigint %% (octet_length(%[2]s) * 8)))
			where origin = $1 and %[3]s`, table, column, where)
		return exec(t, tx, statement, origin, random.Int64N(sizeOf(t, tx, origin)), random.Int64N(1<<40))
	}
}

var tamperKinds = []tamper{
	{"flip a bit of an entry", flip("ledger_entries", "entry", "idx = $2")},
	{"flip a bit of the openings", flip("ledger_openings", "openings", "idx = (select idx from ledger_openings where origin = $1 and idx >= $2 % 300 order by idx limit 1)")},
	{"flip a bit of a tile", flip("ledger_tiles", "hashes", "level = $2 % 2 and n = 0")},
	{"another reference beside an entry", flip("ledger_entries", "ref", "idx = (select idx from ledger_entries where origin = $1 and ref is not null and idx >= $2 % 300 order by idx limit 1)")},
	{"another time beside an entry", at(`update ledger_entries set at = at + interval '1 ms' where origin = $1 and idx = $2`)},
	{"another kind beside an entry", at(`update ledger_entries set kind = kind || 'x' where origin = $1 and idx = $2`)},
	{"delete an entry", at(`delete from ledger_entries where origin = $1 and idx = $2`)},
	{"delete an entry and all that belongs to it", at(`with a as (delete from ledger_accesses where origin = $1 and idx = $2), o as (delete from ledger_openings where origin = $1 and idx = $2) delete from ledger_entries where origin = $1 and idx = $2`)},
	{"delete openings", at(`delete from ledger_openings where origin = $1 and idx = (select idx from ledger_openings where origin = $1 and idx >= $2 % 300 order by idx limit 1)`)},
	{"delete a tile", whole(`delete from ledger_tiles where origin = $1 and level = 0 and n = 0`)},
	{"delete the upper tile", whole(`delete from ledger_tiles where origin = $1 and level = 1`)},
	{"delete the last checkpoint", whole(`delete from ledger_checkpoints where origin = $1 and size = (select max(size) from ledger_checkpoints where origin = $1)`)},
	{"delete the keys", whole(`delete from ledger_keys where origin = $1`)},
	{"delete from the citizens' index", whole(`delete from ledger_accesses where ctid = (select ctid from ledger_accesses where origin = $1 order by random() limit 1)`)},
	{"another subject in the citizens' index", whole(`update ledger_accesses set subject_ref = repeat('f', 32) where ctid = (select ctid from ledger_accesses where origin = $1 order by random() limit 1)`)},
	{"another time in the citizens' index", whole(`update ledger_accesses set at = at - interval '1 ms' where ctid = (select ctid from ledger_accesses where origin = $1 order by random() limit 1)`)},
	{"another place in the citizens' index", whole(`update ledger_accesses set idx = idx + 1000 where ctid = (select ctid from ledger_accesses where origin = $1 order by random() limit 1)`)},
	{"insert into the citizens' index", at(`insert into ledger_accesses values (repeat('e', 32), now(), $1, $2)`)},
	{"insert into the citizens' index beyond the log", whole(`insert into ledger_accesses values (repeat('e', 32), now(), $1, 1000000)`)},
	{"append an entry", whole(`insert into ledger_entries select origin, idx + 1, at, kind, ref, entry from ledger_entries where origin = $1 order by idx desc limit 1`)},
	{"append a tile", whole(`insert into ledger_tiles select origin, level, n + 1000, hashes from ledger_tiles where origin = $1 and level = 0 limit 1`)},
	{"swap two entries", swap},
	{"swap two entries and all that belongs to them", swapAll},
	{"another size in the book of logs", whole(`update ledger_origins set size = size + 1 where origin = $1`)},
	{"drop a log from the book", whole(`delete from ledger_origins where origin = $1`)},
	{"drop a log entirely", whole(`with a as (delete from ledger_entries where origin = $1), b as (delete from ledger_openings where origin = $1), c as (delete from ledger_accesses where origin = $1),
		d as (delete from ledger_tiles where origin = $1), e as (delete from ledger_checkpoints where origin = $1), f as (delete from ledger_keys where origin = $1),
		g as (delete from ledger_stops where origin = $1) delete from ledger_origins where origin = $1`)},
	{"give a log's entries to another log", whole(`update ledger_entries set origin = 'kapok.example.cn/nobody' where origin = $1`)},
	{"forget an open intent", whole(`delete from ledger_open where ctid = (select ctid from ledger_open where origin = $1 order by random() limit 1)`)},
	{"another byte in a checkpoint", spoilNote},
	{"another checkpoint's note", whole(`update ledger_checkpoints set note = (select note from ledger_checkpoints where origin = $1 order by size limit 1)
		where origin = $1 and size = (select max(size) from ledger_checkpoints where origin = $1)`)},
	{"rewrite the roots of an altered log with a foreign key", func(t *testing.T, tx pgx.Tx, random *rand.Rand, v victim, origin string) int64 {
		return rewrite(t, tx, random, newDistrict(t).signing, origin)
	}},
	{"rewrite the roots of an altered log with the node's own key", func(t *testing.T, tx pgx.Tx, random *rand.Rand, v victim, origin string) int64 {
		return rewrite(t, tx, random, v.d.signing, origin)
	}},
	{"cut the tail back to an earlier checkpoint", cutTail},
}

func swap(t *testing.T, tx pgx.Tx, random *rand.Rand, _ victim, origin string) int64 {
	a, b := random.Int64N(sizeOf(t, tx, origin)-1), sizeOf(t, tx, origin)-1
	return exec(t, tx, `update ledger_entries one set at = other.at, kind = other.kind, ref = other.ref, entry = other.entry
		from ledger_entries other where one.origin = $1 and other.origin = $1 and one.idx in ($2, $3) and other.idx = $2::bigint + $3::bigint - one.idx`, origin, a, b)
}

func swapAll(t *testing.T, tx pgx.Tx, random *rand.Rand, v victim, origin string) int64 {
	a, b := random.Int64N(sizeOf(t, tx, origin)-1), sizeOf(t, tx, origin)-1
	for _, table := range []string{"ledger_entries", "ledger_openings", "ledger_accesses"} {
		exec(t, tx, `update `+table+` set idx = 1000000 + idx where origin = $1 and idx in ($2, $3)`, origin, a, b)
		exec(t, tx, `update `+table+` set idx = $2::bigint + $3::bigint - (idx - 1000000) where origin = $1 and idx >= 1000000`, origin, a, b)
	}
	return 2
}

func spoilNote(t *testing.T, tx pgx.Tx, random *rand.Rand, _ victim, origin string) int64 {
	return exec(t, tx, `update ledger_checkpoints set note = overlay(note placing '0' from position(E'\n' in note) + 1 for 1)
		where ctid = (select ctid from ledger_checkpoints where origin = $1 and note !~ E'\n0' order by random() limit 1)`, origin)
}

// cutTail does what a restore of an old backup does to one log: everything that is
// left agrees.
func cutTail(t *testing.T, tx pgx.Tx, random *rand.Rand, v victim, origin string) int64 {
	var sizes []int64
	rows, err := tx.Query(t.Context(), `select size from ledger_checkpoints where origin = $1 and size < (select max(size) from ledger_checkpoints where origin = $1)`, origin)
	if err == nil {
		sizes, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil || len(sizes) == 0 {
		t.Fatal(sizes, err)
	}
	size := sizes[random.IntN(len(sizes))]
	for _, table := range []string{"ledger_entries", "ledger_openings", "ledger_accesses", "ledger_open"} {
		exec(t, tx, `delete from `+table+` where origin = $1 and idx >= $2`, origin, size)
	}
	exec(t, tx, `delete from ledger_checkpoints where origin = $1 and size > $2`, origin, size)
	exec(t, tx, `update ledger_origins set size = $2 where origin = $1`, origin, size)
	rebuildTiles(t, tx, origin)
	return 1
}

// TestTamper: every one of many random tampers is found.
func TestTamper(t *testing.T) {
	v := newVictim(t)
	seed := uint64(number(t, "KAPOK_SEED", int(time.Now().UnixNano()%1_000_000)))
	t.Logf("seed %d (KAPOK_SEED=%d repeats it)", seed, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	total := number(t, "KAPOK_TAMPERS", tampers)
	for i := range total {
		kind := tamperKinds[i%len(tamperKinds)]
		origin := []string{originA, originB}[random.IntN(2)]
		found := tampered(t, v, func(tx pgx.Tx) {
			if kind.do(t, tx, random, v, origin) == 0 {
				t.Errorf("tamper %d (%s) touched nothing", i, kind.name)
			}
		})
		if len(found) == 0 {
			t.Errorf("tamper %d was not found: %s, in %s", i, kind.name, origin)
		} else if i < len(tamperKinds) {
			t.Logf("%s: %s: %s", kind.name, found[0].Where, found[0].What)
		}
	}
	if found := tampered(t, v, func(pgx.Tx) {}); len(found) > 0 {
		t.Errorf("nothing was altered at the end, and the audit found %+v", found)
	}
}

// tampered audits what a transaction did, and rolls it back.
func tampered(t *testing.T, v victim, do func(pgx.Tx)) []ledger.Altered {
	t.Helper()
	tx, err := v.db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	do(tx)
	report, err := postgres.AuditIn(t.Context(), tx, v.options)
	if err != nil {
		t.Fatal(err)
	}
	return report.Altered
}
