package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway/evidence"
	"kapok/gateway/ledger"
	"kapok/gateway/messages"
	"kapok/gateway/postgres"
)

func (w *world) keeper() *messages.Keeper {
	n := w.nodes[0]
	return messages.New(n.keyring.Persons(), n.database, time.Now)
}

// message opens what is kept beside an entry, and checks the entry's commitment.
func (w *world) message(t *testing.T, entry postgres.LedgerEntry) []byte {
	t.Helper()
	kept, err := w.nodes[0].database.Ledger().Message(t.Context(), entry.Origin, entry.Index)
	if err != nil || kept == nil {
		t.Fatalf("nothing is kept beside the entry: %v", err)
	}
	if bytes.Contains(kept.Sealed, []byte(firstCitizen())) || bytes.Contains(kept.Sealed, []byte("POST")) {
		t.Error("a message lies there in clear")
	}
	message, err := w.keeper().Open(t.Context(), kept.Owner, messages.Class(kept.Class), kept.Sealed)
	if err != nil {
		t.Fatal(err)
	}
	if evidence.Digest(message) != entry.Entry.Value(evidence.MessagesField) {
		t.Error("the entry commits to another message")
	}
	return message
}

func TestMessagesAreKept(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	shot := department.shot(ask(w.statutory("name", "state"), "name", "state"))
	released := readRelease(t, department.send(shot))
	trail := wantTrail(t, w, released.ExchangeID, "intent", "outcome")

	raw := w.message(t, trail[0])
	t.Logf("the request's message has %d bytes, the answer's %d", len(raw), len(w.message(t, trail[1])))
	request, err := evidence.ParseRequest(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(request.Body, shot.body) || !strings.Contains(request.Base, shot.params.Nonce) {
		t.Error("the request kept is not the one sent")
	}
	if err := verifier.Verify("test", department.key.Public(), []byte(request.Base), request.Signature, sm.Raw); err != nil {
		t.Errorf("the signature kept does not verify: %v", err)
	}
	if strings.Contains(string(request.Decision), firstCitizen()) || !strings.Contains(string(request.Decision), `"allowed":true`) {
		t.Errorf("the decision kept: %s", request.Decision)
	}
	answer, err := evidence.ParseAnswer(w.message(t, trail[1]))
	if err != nil || len(answer.Digest) != 32 || answer.Records != 1 {
		t.Errorf("the answer kept: %v %+v", err, answer)
	}
	w.wantRelease(t, released.ExchangeID)
	w.wantDestroyed(t, trail[0])
}

// wantRelease waits for the release's message, which is written a moment later.
func (w *world) wantRelease(t *testing.T, ref string) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		kept, err := w.nodes[0].database.Ledger().ReleaseMessage(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if kept == nil {
			continue
		}
		message, err := w.keeper().Open(t.Context(), kept.Owner, messages.Class(kept.Class), kept.Sealed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := evidence.ParseRelease(message); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Error("the release was not kept")
}

// wantDestroyed: without the owner's key a message is gone, and another's row in its
// place is noticed.
func (w *world) wantDestroyed(t *testing.T, entry postgres.LedgerEntry) {
	t.Helper()
	kept, err := w.nodes[0].database.Ledger().Message(t.Context(), entry.Origin, entry.Index)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(kept.Sealed)
	changed[len(changed)-1] ^= 1
	if _, err := w.keeper().Open(t.Context(), kept.Owner, messages.Use, changed); !errors.Is(err, messages.ErrSealed) {
		t.Errorf("a changed message: %v", err)
	}
	if _, err := w.keeper().Open(t.Context(), kept.Owner, messages.Security, kept.Sealed); !errors.Is(err, messages.ErrSealed) {
		t.Errorf("a message of another class: %v", err)
	}
	if _, err := w.keeper().Open(t.Context(), strings.Repeat("0", 32), messages.Use, kept.Sealed); !errors.Is(err, keys.ErrDestroyed) {
		t.Errorf("without a key: %v", err)
	}
}

func TestRefusalsKeepTheirRequest(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	got := department.send(department.shot(ask(w.statutory("name"), "name", "phone")))
	if got.status != 412 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	garbage := department.send(department.shot(`{"item":`))
	if garbage.status != 400 {
		t.Fatalf("%d %s", garbage.status, garbage.body)
	}
	owners := map[bool]int{}
	for _, entry := range recent(t, w) {
		if entry.Entry.Kind != "refusal" {
			continue
		}
		if _, err := evidence.ParseRequest(w.message(t, entry)); err != nil {
			t.Error(err)
		}
		kept, err := w.nodes[0].database.Ledger().Message(t.Context(), entry.Origin, entry.Index)
		if err != nil {
			t.Fatal(err)
		}
		owners[strings.HasPrefix(kept.Owner, "service:")]++
	}
	if owners[true] != 1 || owners[false] != 1 {
		t.Errorf("one refusal concerns a person and one nobody: %v", owners)
	}
}

// TestAuditOpensMessages: with the node's keys, the audit compares every message that the
// path kept with its entry; those whose keys were destroyed it counts.
func TestAuditOpensMessages(t *testing.T) {
	w := newWorld(t, 1)
	department := w.enrol(dibao)
	for range 2 {
		readRelease(t, department.send(department.shot(ask(w.statutory("name", "state"), "name", "state"))))
	}
	n := w.nodes[0]
	bundle, err := ledger.ParseBundle(n.bundle())
	if err != nil {
		t.Fatal(err)
	}
	digest := newReader(n.database, n.keyring).digest
	for spoilt := range 2 {
		report, err := n.database.Ledger().Audit(t.Context(), ledger.AuditOptions{Bundle: bundle, Verifier: verifier, Messages: ledger.MessageAudit{
			Open: func(ctx context.Context, kept ledger.Attachment) (string, error) {
				kept.Sealed[len(kept.Sealed)-1] ^= byte(spoilt)
				return digest(ctx, kept)
			},
			Since: time.Now().AddDate(0, -leastKept, 0),
		}})
		if err != nil || report.Messages < 4 || report.Unreadable != 0 || len(report.Altered) != spoilt*int(report.Messages) {
			t.Errorf("%d messages, %d without a key, %+v, %v", report.Messages, report.Unreadable, report.Altered, err)
		}
	}
}
