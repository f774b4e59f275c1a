package ledger

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// clockedLog is a log in memory whose clock the test holds.
type clockedLog struct {
	*Log
	now time.Time
}

func newClockedLog(t *testing.T, origin string, signing Signing, now time.Time) *clockedLog {
	t.Helper()
	l := &clockedLog{now: now}
	l.Log = &Log{committer: newCommitter(), lease: Lease{Origin: origin}, options: Options{
		Signing: func() Signing { return signing }, Now: func() time.Time { return l.now },
	}}
	var err error
	if l.tree, err = newTree(0, []Tile{{}}); err != nil {
		t.Fatal(err)
	}
	return l
}

// seal seals one entry and returns its receipt.
func (l *clockedLog) seal(t *testing.T, entry Entry) (Sealed, []byte) {
	t.Helper()
	b := &batch{items: []*item{{entry: entry}}}
	if _, err := l.prepare(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	sealed := b.sealed(b.items[0], l.lease.Origin)
	raw, err := sealed.Receipt(nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed, raw
}

// resealing is the receipt of an entry that commits to a note.
func (l *clockedLog) resealing(t *testing.T, kind Kind, note string) []byte {
	t.Helper()
	digest := sm.Sum([]byte(note))
	_, raw := l.seal(t, Entry{Kind: kind, At: l.now, Fields: []Field{{Name: "checkpoint", Value: hex.EncodeToString(digest[:])}}})
	return raw
}

// TestResealedPastTheEndOfItsCertificate: the certificate that sealed an entry has ended,
// and a checkpoint of checkpoints sealed it again before.
func TestResealedPastTheEndOfItsCertificate(t *testing.T) {
	district := newAuthority(t)
	began := time.Now().Add(-40 * time.Hour)
	ended := began.Add(time.Hour)
	old := newClockedLog(t, testOrigin, district.signing(t, pki.Operational, began, time.Hour), began.Add(time.Minute))
	sealed, raw := old.seal(t, Entry{Kind: IntentKind, At: began})
	grown, _ := old.seal(t, Entry{Kind: OutcomeKind, At: began})
	leaf := LeafHash(grown.evidence.entry)
	continues := Consistency{Checkpoint: grown.Checkpoint, From: 1, Keys: []KeyChain{}, Proof: [][]byte{leaf[:]}}.Encode()

	in := newClockedLog(t, "kapok.example.cn/node-b", district.signing(t, pki.Operational, began, 12*time.Hour), ended.Add(-time.Minute))
	before, ofHead := in.resealing(t, ResealKind, sealed.Checkpoint), in.resealing(t, ResealKind, grown.Checkpoint)
	otherKind, ofOther := in.resealing(t, "intent", sealed.Checkpoint), in.resealing(t, ResealKind, "another note")
	in.now = ended.Add(time.Minute)
	after := in.resealing(t, ResealKind, sealed.Checkpoint)
	spoilt := append([]byte{}, before...)
	spoilt[len(spoilt)/2] ^= 1

	for _, c := range []struct {
		name  string
		again Resealing
		at    time.Time
		true  bool
		why   string
	}{
		{"while the certificate is in force", Resealing{}, ended.Add(-time.Second), true, "in force until"},
		{"ended, and nothing is shown", Resealing{}, time.Now(), true, "nothing here shows that the checkpoint was sealed again"},
		{"sealed again before", Resealing{Receipt: before}, time.Now(), true, "before the operational certificate ended"},
		{"sealed again only afterwards", Resealing{Receipt: after}, time.Now(), true, "sealed again only afterwards"},
		{"its continuation was sealed again", Resealing{Receipt: ofHead, Consistency: continues}, time.Now(), true, "before the operational certificate ended"},
		{"the continuation is not shown", Resealing{Receipt: ofHead}, time.Now(), false, "of another checkpoint"},
		{"what is shown to continue does not", Resealing{Receipt: ofHead, Consistency: Consistency{Checkpoint: grown.Checkpoint, From: 1, Keys: []KeyChain{}, Proof: [][]byte{make([]byte, 32)}}.Encode()}, time.Now(), false, "does not continue"},
		{"another checkpoint was", Resealing{Receipt: ofOther}, time.Now(), false, "of another checkpoint"},
		{"an entry of another kind", Resealing{Receipt: otherKind}, time.Now(), false, "of another kind"},
		{"a byte changed", Resealing{Receipt: spoilt}, time.Now(), false, "not true"},
	} {
		report := VerifyResealed(raw, c.again, c.at, district.bundle(), both())
		last := report.Steps[len(report.Steps)-1]
		if report.OK() != c.true || last.Name != "resealed" || !strings.Contains(last.Why, c.why) {
			t.Errorf("%s: %v, %+v", c.name, report.OK(), last)
		}
	}
	raw[len(raw)/2] ^= 1
	if report := VerifyResealed(raw, Resealing{Receipt: before}, time.Now(), district.bundle(), both()); report.OK() {
		t.Error("a changed receipt is true because something was sealed again")
	}
}
