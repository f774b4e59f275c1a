package httpapi_test

import (
	"context"
	"testing"
	"time"

	"kapok/catalog"
	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
	"kapok/gateway/ledger"
	"kapok/gateway/postgres"
	"kapok/gateway/postgres/pgtest"
	"kapok/gateway/safe"
)

const origin = "kapok.example.cn/node-a" // its slash has to survive an address

// stores are the real ones: PostgreSQL, and a log that seals.
type stores struct {
	db     *postgres.DB
	log    *ledger.Log
	people *postgres.People
	signer *sm.PrivateKey
	chain  [][]byte // DER, the operational certificate first, the root last
}

func newStores(t testing.TB) stores {
	t.Helper()
	s := stores{db: pgtest.New(t)}
	s.signer, s.chain = newDistrict(t)
	s.people = s.db.People(lookup)
	var err error
	s.log, err = ledger.Open(t.Context(), s.db.Ledger(), ledger.Options{Origin: origin, Node: "a", Signing: s.signing})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := s.log.Close(ctx); err != nil {
			t.Logf("close the log: %v", err)
		}
	})
	return s
}

// lookup is the keyed look-up under a key of these tests.
func lookup(id gateway.Identity) []keys.Token {
	return []keys.Token{{Version: 1, MAC: sm.HMAC([]byte("only for these tests"), []byte(id.Type), []byte(id.Number()))}}
}

func (s stores) signing() ledger.Signing { return ledger.Signing{Signer: s.signer, Chain: s.chain} }

// newDistrict makes a root with an operational key below it.
func newDistrict(t testing.TB) (*sm.PrivateKey, [][]byte) {
	t.Helper()
	rootKey, key, now := newKey(t), newKey(t), time.Now()
	root, err := pki.NewRoot(t.Context(), rootKey, "测试区根", now.Add(-48*time.Hour), now.Add(1000*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := pki.Parse(root)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := pki.Issue(t.Context(), ca, rootKey, pki.Request{
		Name: "节点甲", Usage: pki.Operational, From: now.Add(-time.Hour), To: now.Add(12 * time.Hour), Public: key.Public(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return key, [][]byte{leaf, root}
}

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s stores) bundle() ledger.Bundle {
	return ledger.Bundle{Name: "测试区", Roots: s.chain[1:]}
}

func (s stores) safe(known *catalog.Catalog) *safe.Service {
	return safe.New(safe.Config{
		Catalog: func() *catalog.Catalog { return known }, Bases: s.db, History: s.db, Requests: s.db, Erasures: s.db, Deadlines: s.db, Issued: s.db, Log: s.log, Now: time.Now,
		Signing: func() keys.Signing { return keys.Signing{Signer: s.signer, Certificate: s.chain[0], Chain: s.chain} },
	})
}
