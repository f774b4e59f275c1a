package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway"
	"kapok/gateway/replay"
	"kapok/policies"
)

// viewsForCopies is a changed set by which some lose and some gain.
const viewsForCopies = noView + `
@id("copies") @zh("测试") @en("test") permit (principal, action == Action::"COPY", resource);`

// TestBenchReplay replays KAPOK_REPLAY decisions, of which the first KAPOK_REPLAY_MADE
// were made by calls over sockets, through the whole path, against PostgreSQL; expired
// grants are among them. The rest are copies of those notes, made in the database. `make
// bench-replay` runs it; without the variables it does nothing.
func TestBenchReplay(t *testing.T) {
	made, err := strconv.Atoi(os.Getenv("KAPOK_REPLAY_MADE"))
	total, err2 := strconv.Atoi(os.Getenv("KAPOK_REPLAY"))
	if err != nil || err2 != nil || made < 16 || total < made {
		t.Skip("KAPOK_REPLAY_MADE and KAPOK_REPLAY say how many")
	}
	w := newWorld(t, 1)
	began := time.Now()
	codes := makeDecisions(w, made)
	t.Logf("made by the running path: %d decisions in %v: %v", made, time.Since(began).Round(time.Second), codes)
	copies := copyNotes(w, total/made-1)
	t.Logf("copied in the database: the notes of those %d, %d times more", made, copies)

	with, err := policies.Load(os.DirFS(policyFolder(t, viewsForCopies)))
	if err != nil {
		t.Fatal(err)
	}
	node, now := w.nodes[0], time.Now()
	report, err := replay.Run(t.Context(), node.database.Ledger(), node.exchange.Live().Policies, with, now.Add(-24*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("replayed from PostgreSQL: %d decisions in %v, %.0f/s (the aim is 200,000/s on two cores); notes are not encrypted, so nothing is decrypted",
		report.Decisions, report.Took.Round(time.Millisecond), float64(report.Decisions)/report.Took.Seconds())
	effects := map[replay.Effect]int{}
	for _, change := range report.Changes {
		effects[change.Effect] += change.Count
	}
	t.Logf("by the changed set: %v", effects)
	if report.Decisions != made*(copies+1) || report.Differing != 0 || report.Anew != 0 || effects[replay.Gains] == 0 || effects[replay.Loses] == 0 || codes["grant-expired"] == 0 {
		t.Errorf("%d decisions of %d, %d differing, %d anew, %v, %v", report.Decisions, made*(copies+1), report.Differing, report.Anew, effects, codes)
	}
}

// makeDecisions makes calls of which some are refused: too many fields, an expired
// grant, a copy that no policy allows. It tells how many came out how.
func makeDecisions(w *world, count int) map[string]int {
	w.t.Helper()
	assistance, subsidy := w.enrol(dibao), w.enrol(butie)
	view, copied := w.statutory("name", "state"), w.statutoryFor(gateway.Copy, "name")
	kinds := []struct {
		by   *caller
		body string
	}{
		{assistance, ask(view, "name")}, {assistance, ask(view, "name", "state")}, {assistance, ask(view, "name", "phone")},
		{assistance, replaced(`"VIEW"`, `"COPY"`)(ask(copied, "name"))},
		{subsidy, replaced(dibaoMatter, butieMatter)(replaced("assistance-review", "employment-subsidy")(ask(view, "name")))},
	}
	for i := range kinds { // one after the other first: they are to be decided, and to come out as meant
		kinds[i].by.send(kinds[i].by.shot(kinds[i].body))
	}
	var next atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	codes := map[string]int{}
	for range 64 {
		workers.Go(func() {
			var tokens [2]string
			for at := int(next.Add(1)) - 1; at < count-len(kinds); at = int(next.Add(1)) - 1 {
				kind := kinds[at%len(kinds)]
				token := &tokens[at%len(kinds)/(len(kinds)-1)]
				if at%500 < 64 || *token == "" {
					*token = kind.by.token(0)
				}
				shot := kind.by.shot(kind.body)
				shot.header.Set("Authorization", "Bearer "+*token)
				got := kind.by.send(shot)
				code := "released"
				if got.status != http.StatusOK {
					code = got.problem(w.t).Code
				}
				mu.Lock()
				codes[code]++
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return codes
}

// copyNotes copies each row of notes, under entries' numbers that the log does not have.
func copyNotes(w *world, times int) int {
	w.t.Helper()
	db, err := pgx.Connect(w.t.Context(), w.dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close(w.t.Context()) }()
	_, err = db.Exec(w.t.Context(), fmt.Sprintf(`
		insert into ledger_notes (origin, idx, at, records)
		select origin, idx + n::bigint * 1000000000, at, records from ledger_notes, generate_series(1, %d) n`, times))
	if err != nil {
		w.t.Fatal(err)
	}
	return times
}
