package ledger

import (
	"testing"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// authority is a district's root made for a test.
type authority struct {
	key  *sm.PrivateKey
	root []byte
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	key := newKey(t)
	root, err := pki.NewRoot(t.Context(), key, "测试区根", time.Now().Add(-48*time.Hour), time.Now().Add(1000*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return authority{key, root}
}

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a authority) bundle() Bundle { return Bundle{Name: "测试区", Roots: [][]byte{a.root}} }

// signing certifies a fresh key for a usage from a time on.
func (a authority) signing(t testing.TB, usage pki.Usage, from time.Time, life time.Duration) Signing {
	t.Helper()
	ca, err := pki.Parse(a.root)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	der, err := pki.Issue(t.Context(), ca, a.key, pki.Request{Name: "节点甲", Usage: usage, From: from, To: from.Add(life), Public: key.Public()})
	if err != nil {
		t.Fatal(err)
	}
	return Signing{Signer: key, Chain: [][]byte{der, a.root}}
}

func (a authority) operational(t testing.TB) Signing {
	return a.signing(t, pki.Operational, time.Now().Add(-time.Hour), 12*time.Hour)
}

// sealOne makes a log of some entries in memory, with the code that the sequencer
// uses, and returns the evidence of one of them.
func sealOne(t testing.TB, s Signing, origin string, others int, entry Entry) *evidence {
	t.Helper()
	grown, err := newTree(0, []Tile{{}})
	if err != nil {
		t.Fatal(err)
	}
	b := &batch{}
	for range others {
		b.items = append(b.items, &item{entry: anEntry()})
	}
	b.items = append(b.items, &item{entry: entry, subject: "0123456789abcdef0123456789abcdef"}, &item{entry: anEntry()})
	l := &Log{committer: newCommitter(), tree: grown, lease: Lease{Origin: origin}, options: Options{Signing: func() Signing { return s }, Now: time.Now}}
	if _, err := l.prepare(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	return b.sealed(b.items[others], origin).evidence
}
