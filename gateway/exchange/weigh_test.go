package exchange

import (
	"testing"

	"kapok/gateway/ledger"
)

func TestWeigh(t *testing.T) {
	nonce := ledger.Claim{Space: "nonce", Key: "n"}
	same := ledger.Claim{Space: "idempotency", Key: "k", Digest: [32]byte{1}}
	for _, test := range []struct {
		name  string
		found ledger.Found
		retry string
		code  string
	}{
		{"clear", ledger.Found{}, "", ""},
		{"nonce used", ledger.Found{Taken: []ledger.Taken{{Claim: nonce}}}, "", "nonce-replayed"},
		{"retry", ledger.Found{Taken: []ledger.Taken{{Claim: same, Digest: [32]byte{1}, Ref: "first"}}}, "first", ""},
		{"same key, other body", ledger.Found{Taken: []ledger.Taken{{Claim: same, Digest: [32]byte{2}, Ref: "first"}}}, "", "idempotency-mismatch"},
		{"basis stopped", ledger.Found{Stopped: []ledger.Stop{{Kind: "basis", ID: "b"}}}, "", "basis-ended"},
		{"something unheard of stopped", ledger.Found{Stopped: []ledger.Stop{{Kind: "moon", ID: "b"}}}, "", "stopped"},
		{"a retry after a stop is refused", ledger.Found{
			Taken:   []ledger.Taken{{Claim: same, Digest: [32]byte{1}, Ref: "first"}},
			Stopped: []ledger.Stop{{Kind: "key", ID: "k"}},
		}, "", "key-unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			retry, refusal := weigh(test.found)
			code := ""
			if refusal != nil {
				code = refusal.Code
			}
			if retry != test.retry || code != test.code {
				t.Errorf("got retry of %q and %q, want %q and %q", retry, code, test.retry, test.code)
			}
		})
	}
}
