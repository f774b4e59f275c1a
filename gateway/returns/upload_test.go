package returns_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kapok/gateway/returns"
)

// cutAfter is a connection that breaks after so many bytes.
type cutAfter struct {
	from io.Reader
	left int
}

func (c *cutAfter) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.from.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// TestUploadGoesOnAtTheByte: an upload that is cut in the middle keeps what arrived, goes
// on there and nowhere else, and lands with the digest of an unbroken delivery.
func TestUploadGoesOnAtTheByte(t *testing.T) {
	whole, w := newWorld(t), newWorld(t)
	const rows = 30_000 // more than one piece, more than one batch
	content := asCSV(columns, rowsOf(0, rows))
	unbroken := whole.imported(t, whole.manifest(1, whole.put(t, "a.csv", "csv", content, rowsOf(0, rows), 3)))
	m := w.manifest(1, w.put(t, "a.csv", "csv", content, rowsOf(0, rows), 3))
	id := w.receive(t, m).ID
	cut := len(content)*3/5 + 17
	if cut < 1<<20 {
		t.Fatalf("the cut at %d lies in the first piece", cut)
	}
	if got, err := w.Append(t.Context(), id, "a.csv", 0, &cutAfter{bytes.NewReader(content), cut}); code(err) != "body-unreadable" || got.Offset != int64(cut) {
		t.Fatalf("%d of %d are kept: %v", got.Offset, cut, err)
	}
	for _, wrong := range []int64{0, int64(cut) - 1, int64(cut) + 1} {
		if _, err := w.Append(t.Context(), id, "a.csv", wrong, bytes.NewReader(content[:10])); code(err) != "return-offset" {
			t.Errorf("at %d: %v", wrong, err)
		}
	}
	if _, err := w.Append(t.Context(), id, "b.csv", 0, bytes.NewReader(content)); code(err) != "return-file-unknown" {
		t.Error(err)
	}
	if _, err := w.Append(t.Context(), id, "a.csv", int64(cut), bytes.NewReader(append(bytes.Clone(content[cut:]), 'x'))); code(err) != "return-beyond-size" {
		t.Error(err)
	}
	if err := w.LandUploaded(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(t, id); d.State != returns.Received {
		t.Fatalf("half a file was landed: %s", d.State)
	}
	at, err := w.Uploaded(t.Context(), id, "a.csv")
	if err != nil || at.Offset != int64(cut) {
		t.Fatalf("%+v, %v", at, err)
	}
	if _, err := w.Append(t.Context(), id, "a.csv", at.Offset, bytes.NewReader(content[at.Offset:])); err != nil {
		t.Fatal(err)
	}
	if err := w.LandUploaded(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := w.delivery(t, id)
	if d.State != returns.Reconciled || d.Report.Content != unbroken.Report.Content {
		t.Errorf("%s %+v, want %s", d.State, d.Report, unbroken.Report.Content)
	}
	if left, err := w.store.Uploaded(t.Context(), id, 0); err != nil || left != 0 {
		t.Errorf("%d bytes are left: %v", left, err)
	}
	if _, err := w.Append(t.Context(), id, "a.csv", 0, bytes.NewReader(content)); code(err) != "return-state" {
		t.Errorf("after the landing: %v", err)
	}
}

// TestUploadedIsSealed: neither a value nor a line of what arrived stands in clear.
func TestUploadedIsSealed(t *testing.T) {
	w := newWorld(t)
	content := asCSV(columns, rowsOf(0, 3))
	id := w.receive(t, w.manifest(1, w.put(t, "a.csv", "csv", content, rowsOf(0, 3), 3))).ID
	if _, err := w.Append(t.Context(), id, "a.csv", 0, bytes.NewReader(content[:200])); err != nil {
		t.Fatal(err)
	}
	piece, err := w.store.Piece(t.Context(), id, 0, 5)
	if err != nil || piece == nil || piece.Size != 200 || bytes.Contains(piece.Sealed, []byte(number(0))) || bytes.Contains(piece.Sealed, []byte("SFZH")) {
		t.Errorf("%+v, %v", piece, err)
	}
}

// TestUploadThatLies: what the manifest's SM3 does not cover is refused when it lands.
func TestUploadThatLies(t *testing.T) {
	w := newWorld(t)
	content := asCSV(columns, rowsOf(0, 3))
	id := w.receive(t, w.manifest(1, w.put(t, "a.csv", "csv", content, rowsOf(0, 3), 3))).ID
	other := bytes.Replace(content, []byte("测试1"), []byte("测试7"), 1)
	if _, err := w.Append(t.Context(), id, "a.csv", 0, bytes.NewReader(other)); err != nil {
		t.Fatal(err)
	}
	if err := w.LandUploaded(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := w.delivery(t, id)
	if d.State != returns.Refused || d.Findings.List[0].Rule != returns.RuleDigest {
		t.Errorf("%s %+v", d.State, d.Findings)
	}
}

// TestTwoPersons: what is proposed by one is done when another confirms it, once.
func TestTwoPersons(t *testing.T) {
	w := newWorld(t)
	landed := func(version int) string {
		return w.imported(t, w.full(t, version, rowsOf(0, 3+version))).ID
	}
	done := func(id string, act returns.Act) {
		t.Helper()
		p, err := w.Propose(t.Context(), id, act, actor, "agreed")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Propose(t.Context(), id, act, "staff-bureau-02", "agreed"); code(err) != "return-proposed" {
			t.Errorf("twice: %v", err)
		}
		if _, err := w.Decide(t.Context(), p.ID, returns.Confirmed, actor); code(err) != "second-person" {
			t.Errorf("by the same: %v", err)
		}
		if p, err = w.Decide(t.Context(), p.ID, returns.Confirmed, "staff-approver-01"); err != nil || p.Second != "staff-approver-01" {
			t.Fatalf("%s: %+v, %v", act, p, err)
		}
		if _, err := w.Decide(t.Context(), p.ID, returns.Confirmed, "staff-approver-01"); code(err) != "return-proposal-decided" {
			t.Errorf("again: %v", err)
		}
	}
	states := func(want ...returns.State) {
		t.Helper()
		found, err := w.store.Deliveries(t.Context(), dataset, 9)
		if err != nil || len(found) != len(want) {
			t.Fatalf("%d, %v", len(found), err)
		}
		for i := range want {
			if found[len(found)-1-i].State != want[i] {
				t.Errorf("version %d is %s, want %s", i+1, found[len(found)-1-i].State, want[i])
			}
		}
	}
	one := landed(1)
	if _, err := w.Propose(t.Context(), one, returns.ActRollBack, actor, "agreed"); code(err) != "return-state" {
		t.Error(err)
	}
	done(one, returns.ActPublish)
	two := landed(2)
	p, err := w.Propose(t.Context(), two, returns.ActPublish, actor, "agreed")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Decide(t.Context(), p.ID, returns.Withdrawn, "staff-approver-01"); code(err) != "second-person" {
		t.Error(err)
	}
	if _, err := w.Decide(t.Context(), p.ID, returns.Rejected, "staff-approver-01"); err != nil {
		t.Fatal(err)
	}
	states(returns.Published, returns.Reconciled)
	done(two, returns.ActPublish)
	states(returns.Superseded, returns.Published)
	done(two, returns.ActRollBack)
	states(returns.Published, returns.RolledBack)
	done(two, returns.ActDestroy)
	states(returns.Published, returns.Destroyed)
	if named := w.pending(t, "staff-approver-01"); named != 5 {
		t.Errorf("%d entries name the second person", named)
	}
}

// TestRetention: what is past its time goes by itself, whichever node comes first.
func TestRetention(t *testing.T) {
	w := newWorld(t)
	content := asCSV(columns, rowsOf(0, 3))
	one := w.published(t, w.manifest(1, w.put(t, "a.csv", "csv", content, rowsOf(0, 3), 3))).ID
	two := w.receive(t, w.manifest(2, w.put(t, "b.csv", "csv", content, rowsOf(0, 3), 3))).ID
	if err := w.Retain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := w.delivery(t, one); d.State != returns.Published {
		t.Errorf("before its time: %s", d.State)
	}
	w.now = w.delivery(t, one).Manifest.KeepUntil.Add(time.Second)
	both := make(chan error, 2)
	for range 2 {
		go func() { both <- w.Retain(t.Context()) }()
	}
	for range 2 {
		if err := <-both; err != nil {
			t.Error(err)
		}
	}
	if d := w.delivery(t, one); d.State != returns.Destroyed || d.Actor != returns.Clock {
		t.Errorf("%s by %s", d.State, d.Actor)
	}
	if d := w.delivery(t, two); d.State != returns.Refused || d.Findings.List[0].Rule != returns.RuleEnded {
		t.Errorf("%s", d.State)
	}
}

func (w *world) delivery(t *testing.T, id string) returns.Delivery {
	t.Helper()
	d, err := w.store.Delivery(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// pending counts the entries on their way to the ledger that hold a text.
func (w *world) pending(t *testing.T, text string) (count int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it was only read
	if err := connection.QueryRow(t.Context(), "select count(*) from ledger_pending where entry::text like '%' || $1 || '%'", text).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}
