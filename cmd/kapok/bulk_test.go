package main

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"kapok/cmd/kapok-sandbox/people"
	"kapok/gateway"
	"kapok/gateway/licence"
	"kapok/gateway/licensing"
)

// manyDrafts are licences for as many of the sandbox's people.
func manyDrafts(w *world, count int) []licensing.Draft {
	w.t.Helper()
	register, err := people.NewRegister(count)
	if err != nil {
		w.t.Fatal(err)
	}
	drafts := make([]licensing.Draft, count)
	for i := range drafts {
		person := register.At(i)
		identity, err := gateway.ParseIdentity(gateway.CitizenID, person.Number)
		if err != nil {
			w.t.Fatal(err)
		}
		drafts[i] = licensing.Draft{
			Kind: assistanceLicence, Holder: identity, HolderName: person.Name, Number: fmt.Sprintf("BULK-%05d", i),
			Fields: map[string]string{"category": "A类"}, ServiceItem: dibaoMatter, CaseNo: fmt.Sprintf("DB-%05d", i),
		}
	}
	return drafts
}

// TestBulkIssue: a batch is all or nothing when it is opened; cut off in the middle, and
// gone on with by two nodes at once, it issues each licence once.
func TestBulkIssue(t *testing.T) {
	w := newWorld(t, 2)
	const count = 600
	drafts := manyDrafts(w, count)
	one, two := w.nodes[0].licences, w.nodes[1].licences
	spoilt := append([]licensing.Draft(nil), drafts...)
	spoilt[7].Expires = "tomorrow"
	if _, err := one.OpenBatch(t.Context(), minzheng, spoilt); gateway.AsError(err).Field != "/licences/7/expires" {
		t.Errorf("a wrong draft: %v", err)
	}
	taken := drafts[3]
	if _, err := one.Register(t.Context(), minzheng, taken, true); err != nil {
		t.Fatal(err)
	}
	opened, err := one.OpenBatch(t.Context(), minzheng, drafts)
	if err != nil {
		t.Fatal(err)
	}
	killed, kill := context.WithCancel(t.Context())
	go func() {
		for killed.Err() == nil {
			if b, err := two.BatchOf(t.Context(), minzheng, opened.ID); err == nil && b.Issued > 0 {
				kill()
			}
		}
	}()
	_ = one.RunBatch(killed, opened)
	kill()
	var all sync.WaitGroup
	for _, service := range []*licensing.Service{one, two} {
		all.Go(func() {
			if err := service.RunOpenBatches(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	done, err := two.BatchOf(t.Context(), minzheng, opened.ID)
	if err != nil || done.Issued != count-1 || len(done.Failed) != 1 || done.Failed[0] != (licensing.FailedRow{N: 3, Code: "licence-number-taken"}) {
		t.Errorf("%d issued, failed %v, %v", done.Issued, done.Failed, err)
	}
	for i, d := range []licensing.Draft{drafts[0], drafts[count-1]} {
		l, found, err := two.ByNumber(t.Context(), d.Kind, minzheng.Department, d.Number)
		if err != nil || !found || l.State != licence.Issued {
			t.Fatalf("%d: found %v, %v", i, found, err)
		}
		file, err := two.File(t.Context(), l)
		if err != nil {
			t.Fatal(err)
		}
		w.verifies(file, "a licence of a batch")
		w.collects(l, file)
	}
	if _, err := two.BatchOf(t.Context(), licensing.Officer{Ref: "x", Department: "tianhe-renshe"}, opened.ID); gateway.AsError(err).Code != "batch-unknown" {
		t.Errorf("another department sees the batch: %v", err)
	}
}

// collects takes over what a department issued by a system of its own: the district's
// register has lost it here, and the sealed file is all there is.
func (w *world) collects(l licensing.Licence, file []byte) {
	t := w.t
	t.Helper()
	service := w.nodes[0].licences
	if _, err := service.Collect(t.Context(), minzheng, file); gateway.AsError(err).Code != "licence-number-taken" {
		t.Errorf("what is held already: %v", err)
	}
	connection, err := pgx.Connect(t.Context(), w.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if _, err := connection.Exec(t.Context(), `delete from licence_lookups where licence_id = $1`, l.ID); err != nil {
		t.Fatal(err)
	}
	spoilt := append([]byte(nil), file...)
	spoilt[len(spoilt)/2] ^= 1
	for name, try := range map[string]struct {
		by   licensing.Officer
		file []byte
	}{
		"by a department that does not issue it": {licensing.Officer{Ref: "x", Department: "tianhe-renshe"}, file},
		"changed after it was sealed":            {minzheng, spoilt},
		"no document":                            {minzheng, []byte("x")},
	} {
		if _, err := service.Collect(t.Context(), try.by, try.file); err == nil {
			t.Errorf("%s was taken over", name)
		}
	}
	taken, err := service.Collect(t.Context(), minzheng, file)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := service.File(t.Context(), taken)
	if err != nil || string(kept) != string(file) || taken.State != licence.Issued || taken.Metadata.Value(licence.HolderName) != l.Metadata.Value(licence.HolderName) {
		t.Errorf("taken over as %s, %v", taken.State, err)
	}
}
