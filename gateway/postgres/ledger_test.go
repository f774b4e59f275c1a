package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
)

// district is a root with an operational key below it.
type district struct {
	bundle  ledger.Bundle
	signing ledger.Signing
}

func newDistrict(t testing.TB) district {
	t.Helper()
	rootKey, key := newSM2(t), newSM2(t)
	now := time.Now()
	root, err := pki.NewRoot(t.Context(), rootKey, "测试区根", now.Add(-48*time.Hour), now.Add(1000*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := pki.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	der, err := pki.Issue(t.Context(), ca, rootKey, pki.Request{
		Name: "节点甲", Usage: pki.Operational, From: now.Add(-time.Hour), To: now.Add(12 * time.Hour), Public: key.Public(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return district{
		bundle:  ledger.Bundle{Name: "测试区", Roots: [][]byte{root}},
		signing: ledger.Signing{Signer: key, Chain: [][]byte{der, root}},
	}
}

func newSM2(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

const originA, originB = "kapok.example.cn/a", "kapok.example.cn/b"

func (d district) options(origin, node string) ledger.Options {
	return ledger.Options{Origin: origin, Node: node, Signing: func() ledger.Signing { return d.signing }}
}

func openLog(t testing.TB, store ledger.Store, options ledger.Options) *ledger.Log {
	t.Helper()
	log, err := ledger.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := log.Close(ctx); err != nil {
			t.Logf("close: %v", err)
		}
	})
	return log
}

func outcome(ref string, found ledger.Found) ledger.Entry {
	kind := ledger.Kind("outcome")
	if !found.Clear() {
		kind = "refusal"
	}
	return ledger.Entry{Kind: kind, Ref: ref, At: time.Now(), Fields: []ledger.Field{
		{Name: "system", Value: "sys-hall"}, {Name: "item", Value: "测试目录"}, {Name: "case_no", Value: "case-" + ref},
	}}
}

func simple(i int) ledger.Append {
	ref := fmt.Sprintf("%032x", i)
	return ledger.Append{Subject: fmt.Sprintf("%032x", i%7), Entry: func(f ledger.Found) ledger.Entry { return outcome(ref, f) }}
}

// mustVerify checks a receipt as a stranger would.
func (d district) mustVerify(t testing.TB, raw []byte) *ledger.Evidence {
	t.Helper()
	report := ledger.VerifyReceipt(raw, d.bundle, sm.NewVerifier(sm.VerifierOptions{}))
	if !report.OK() {
		t.Fatalf("the receipt does not verify: %+v", report.Steps)
	}
	return report.Told
}

func codeOf(err error) string {
	if failure, ok := errors.AsType[*gateway.Error](err); ok {
		return failure.Code
	}
	return fmt.Sprint(err)
}

func TestLedgerConcurrentAppendsAllVerify(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	const callers, each = 200, 5
	receipts := make(chan []byte, callers*each)
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for turn := range each {
				sealed, err := log.Append(t.Context(), simple(caller*each+turn))
				if err != nil {
					t.Error(err)
					return
				}
				raw, err := sealed.Receipt(nil)
				if err != nil {
					t.Error(err)
					return
				}
				receipts <- raw
			}
		})
	}
	group.Wait()
	close(receipts)
	seen := map[uint64]bool{}
	for raw := range receipts {
		told := d.mustVerify(t, raw)
		if seen[told.Index] {
			t.Errorf("index %d was given twice", told.Index)
		}
		seen[told.Index] = true
	}
	if len(seen) != callers*each {
		t.Errorf("%d entries, want %d", len(seen), callers*each)
	}
	recompute(t, db, originA, callers*each)
}

func TestLedgerReceiptOfAnOldEntry(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	first := map[uint64][]byte{}
	appendMany(t, log, 700, func(sealed ledger.Sealed) {
		raw, err := sealed.Receipt(nil)
		if err != nil {
			t.Error(err)
		}
		first[sealed.Index] = raw
	})
	for index := uint64(0); index < 700; index += 23 {
		raw, err := ledger.ReceiptAt(t.Context(), db.Ledger(), originA, index, nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(raw) != string(first[index]) {
			t.Fatalf("the receipt of entry %d is another than when it was sealed:\n%s\n%s", index, raw, first[index])
		}
		d.mustVerify(t, raw)
	}
	if _, err := ledger.ReceiptAt(t.Context(), db.Ledger(), originA, 700, nil); codeOf(err) != "ledger-entry-unknown" {
		t.Errorf("entry 700 of 700: %v", err)
	}
}

// appendMany appends with 50 callers, and gives what was sealed to each, in turn.
func appendMany(t testing.TB, log *ledger.Log, n int, each func(ledger.Sealed)) {
	t.Helper()
	var group sync.WaitGroup
	var mu sync.Mutex
	for caller := range 50 {
		group.Go(func() {
			for i := caller; i < n; i += 50 {
				sealed, err := log.Append(context.Background(), simple(i))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				each(sealed)
				mu.Unlock()
			}
		})
	}
	group.Wait()
}

func TestLedgerStopBites(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	basis, other := ledger.Stop{Kind: "basis", ID: "basis-1"}, ledger.Stop{Kind: "basis", ID: "basis-2"}
	ask := simple(1)
	ask.Stops = []ledger.Stop{basis, other}
	for _, log := range logs {
		if sealed, err := log.Append(t.Context(), ask); err != nil || !sealed.Found.Clear() || sealed.Entry.Kind != "outcome" {
			t.Fatalf("before the stop: %+v, %v", sealed.Found, err)
		}
	}
	err := db.InTx(t.Context(), func(tx pgx.Tx) error { return postgres.StopEverywhere(t.Context(), tx, basis) })
	if err != nil {
		t.Fatal(err)
	}
	logs = append(logs, openLog(t, db.Ledger(), d.options("kapok.example.cn/late", "c"))) // a new origin copies the markers
	for i, log := range logs {
		sealed, err := log.Append(t.Context(), ask)
		if err != nil || len(sealed.Found.Stopped) != 1 || sealed.Found.Stopped[0] != basis || sealed.Entry.Kind != "refusal" {
			t.Errorf("log %d after the stop: %+v, %v", i, sealed.Found, err)
		}
	}
}

// TestLedgerStopIsExact races a stop against appends on two logs. What was sealed
// without being told must lie below the size that the stop noted.
func TestLedgerStopIsExact(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	basis := ledger.Stop{Kind: "basis", ID: "basis-raced"}
	type sealedAt struct {
		origin string
		index  uint64
		clear  bool
	}
	results := make(chan sealedAt, 100_000)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for _, origin := range []string{originA, originB} {
		log := openLog(t, db.Ledger(), d.options(origin, origin))
		for caller := range 8 {
			ask := simple(caller)
			ask.Stops = []ledger.Stop{basis}
			group.Go(func() {
				for ctx.Err() == nil {
					sealed, err := log.Append(t.Context(), ask)
					if err != nil {
						t.Error(err)
						return
					}
					results <- sealedAt{origin, sealed.Index, sealed.Found.Clear()}
				}
			})
		}
	}
	time.Sleep(200 * time.Millisecond)
	err := db.InTx(t.Context(), func(tx pgx.Tx) error { return postgres.StopEverywhere(t.Context(), tx, basis) })
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	cancel()
	group.Wait()
	close(results)
	noted := stopSizes(t, db, basis)
	before, after := 0, 0
	for r := range results {
		if stopped := r.index >= noted[r.origin]; stopped == r.clear {
			t.Fatalf("entry %d of %s, stopped at %d: clear is %v", r.index, r.origin, noted[r.origin], r.clear)
		}
		if r.clear {
			before++
		} else {
			after++
		}
	}
	if before == 0 || after == 0 {
		t.Errorf("the race was none: %d before, %d after", before, after)
	}
}

func stopSizes(t *testing.T, db *postgres.DB, stop ledger.Stop) map[string]uint64 {
	t.Helper()
	rows, err := db.Pool().Query(t.Context(), `select origin, size from ledger_stops where kind = $1 and id = $2`, stop.Kind, stop.ID)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]uint64{}
	var origin string
	var size int64
	if _, err := pgx.ForEachRow(rows, []any{&origin, &size}, func() error { sizes[origin] = uint64(size); return nil }); err != nil {
		t.Fatal(err)
	}
	return sizes
}
