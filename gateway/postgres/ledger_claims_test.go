package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"kapok/gateway/ledger"
	"kapok/gateway/postgres/pgtest"
)

func claim(space, key, ref string) ledger.Claim {
	return ledger.Claim{Space: space, Owner: "sys-hall", Key: key, Digest: [32]byte{1}, Ref: ref, Expires: time.Now().Add(time.Hour)}
}

// TestLedgerClaimsExactlyOnce lets 40 callers on two logs claim each of 50 nonces;
// each nonce must have one owner, and everybody else must be told who.
func TestLedgerClaimsExactlyOnce(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	logs := []*ledger.Log{
		openLog(t, db.Ledger(), d.options(originA, "a")),
		openLog(t, db.Ledger(), d.options(originB, "b")),
	}
	const callers, nonces = 40, 50
	var mu sync.Mutex
	winners, losers := map[string]string{}, map[string][]string{}
	var group sync.WaitGroup
	for caller := range callers {
		group.Go(func() {
			for _, n := range rand.Perm(nonces) {
				ref := fmt.Sprintf("ref-%d-%d", caller, n)
				ask := simple(caller)
				ask.Claims = []ledger.Claim{claim("nonce", fmt.Sprintf("nonce-%d", n), ref), claim("idempotency", ref, ref)}
				sealed, err := logs[caller%2].Append(t.Context(), ask)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				if key := fmt.Sprint(n); sealed.Found.Clear() {
					if winners[key] != "" {
						t.Errorf("nonce %d was claimed by %s and by %s", n, winners[key], ref)
					}
					winners[key] = ref
				} else {
					losers[key] = append(losers[key], sealed.Found.Taken[0].Ref)
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	for n := range nonces {
		key := fmt.Sprint(n)
		if winners[key] == "" || len(losers[key]) != callers-1 {
			t.Fatalf("nonce %d: owner %q, %d others", n, winners[key], len(losers[key]))
		}
		for _, told := range losers[key] {
			if told != winners[key] {
				t.Errorf("nonce %d belongs to %s; another caller was told %s", n, winners[key], told)
			}
		}
	}
}

func TestLedgerClaimEndsAndIsSwept(t *testing.T) {
	db, d := pgtest.New(t), newDistrict(t)
	log := openLog(t, db.Ledger(), d.options(originA, "a"))
	ended := claim("nonce", "short", "first")
	ended.Expires = time.Now().Add(-time.Second)
	try := func(c ledger.Claim) bool {
		ask := simple(1)
		ask.Claims = []ledger.Claim{c}
		sealed, err := log.Append(t.Context(), ask)
		if err != nil {
			t.Fatal(err)
		}
		return sealed.Found.Clear()
	}
	if !try(ended) || !try(claim("nonce", "short", "second")) {
		t.Error("a claim that expired could not be taken over")
	}
	if try(claim("nonce", "short", "third")) {
		t.Error("a claim that was taken over could be made again")
	}
	for i := range 5 {
		c := claim("nonce", fmt.Sprint("old-", i), "x")
		c.Expires = time.Now().Add(-time.Minute)
		try(c)
	}
	for _, want := range []int{3, 2, 0} {
		if got, err := db.Ledger().SweepClaims(t.Context(), time.Now(), 3); err != nil || got != want {
			t.Errorf("swept %d, want %d, %v", got, want, err)
		}
	}
	if try(claim("nonce", "short", "fourth")) {
		t.Error("the sweep took a claim that has not expired")
	}
}
