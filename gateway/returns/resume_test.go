package returns_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"kapok/gateway/postgres"
	"kapok/gateway/returns"
)

// cut ends a landing after some batches, as a connection that breaks does. Whether the
// last of them is durable the importer does not learn.
type cut struct {
	*postgres.Returns
	mu    sync.Mutex
	left  int
	after bool // whether the batch at which it breaks is durable
}

var errCut = errors.New("the connection broke")

func (c *cut) Land(ctx context.Context, d returns.Delivery, rows []returns.Row, after returns.Progress) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left--; c.left >= 0 {
		return c.Returns.Land(ctx, d, rows, after)
	}
	if c.after {
		if err := c.Returns.Land(ctx, d, rows, after); err != nil {
			return err
		}
	}
	return errCut
}

// TestResume breaks a landing of several files at every batch, before and after it is
// durable, and wants the content of an unbroken one, each row once.
func TestResume(t *testing.T) {
	w := newWorld(t)
	rows := rowsOf(0, 41_000)
	m := w.manifest(1,
		w.put(t, "a.csv", "csv", asCSV(columns, rows[:20_500]), rows[:20_500], 3),
		w.put(t, "b.csv", "csv", asCSV(columns, rows[20_500:]), rows[20_500:], 3))
	want := w.imported(t, m).Report
	for version, c := range []struct {
		batches int
		durable bool
	}{{0, false}, {1, true}, {2, false}, {3, true}} {
		m.Version = version + 2
		id := w.receive(t, m).ID
		broken := *w.Importer
		broken.Store = &cut{Returns: w.store, left: c.batches, after: c.durable}
		if _, err := broken.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) {}); !errors.Is(err, errCut) {
			t.Fatalf("%v", err)
		}
		landed, err := w.store.Progress(t.Context(), id)
		if err != nil || c.durable == (landed.Landed == 0) && c.batches == 0 {
			t.Fatalf("%d rows are durable, %v", landed.Landed, err)
		}
		again := 0
		delivery, err := w.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) { again++ })
		if err != nil || delivery.State != returns.Reconciled {
			t.Fatalf("%s %v %v", delivery.State, delivery.Findings, err)
		}
		if delivery.Report.Content != want.Content || delivery.Report.Rows != want.Rows || delivery.Report.Landed != want.Landed {
			t.Errorf("after %d batches: %+v, want %+v", c.batches, delivery.Report, want)
		}
		if done := c.batches + map[bool]int{true: 1}[c.durable]; again != 4-done {
			t.Errorf("after %d batches, %d were landed again", done, again)
		}
		if found, err := w.Verify(t.Context(), id); err != nil || found != want.Content {
			t.Errorf("what stands in the table is %s, %v", found, err)
		}
	}
}

// TestTwoAtOnce: a second importer of the same dataset is told to wait.
func TestTwoAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.receive(t, w.full(t, 1, rowsOf(0, 10))).ID
	delivery, err := w.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) {
		if _, err := w.Import(t.Context(), id, filesIn(t, w.folder), actor, func(returns.Progress) {}); code(err) != "return-busy" {
			t.Errorf("%v", err)
		}
	})
	if err != nil || delivery.State != returns.Reconciled {
		t.Errorf("%s, %v", delivery.State, err)
	}
}

// TestNeverTwice: a batch that was landed is not landed again, whoever tries.
func TestNeverTwice(t *testing.T) {
	w := newWorld(t)
	delivery := w.receive(t, w.full(t, 1, rowsOf(0, 3)))
	set, err := w.Dataset(dataset)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Begin(t.Context(), delivery, set); err != nil {
		t.Fatal(err)
	}
	row := returns.Row{Mark: 'U', Line: 2, Plain: make([]string, len(set.Plain())), Sealed: make([][]byte, len(set.Sealed()))}
	for i, want := range []string{"", "return-busy"} {
		if err := w.store.Land(t.Context(), delivery, []returns.Row{row}, returns.Progress{Landed: 1}); code(err) != want {
			t.Errorf("%d: %v", i, err)
		}
	}
}
