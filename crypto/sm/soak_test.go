package sm

import (
	"context"
	"crypto/rand"
	"errors"
	"math/big"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	tjfoc "github.com/tjfoc/gmsm/sm2"
)

// TestSoak signs random messages with random keys, half by each library, and has
// both verify. KAPOK_SOAK says how many signatures: 400 by default, 20,000 in CI,
// a million by `make soak`. A round is one signature by each library and, every
// eighth time, the same two with one bit changed; about 2.5 ms.
func TestSoak(t *testing.T) {
	rounds := soakRounds(t)
	var next, disagreements atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1); i <= rounds && disagreements.Load() == 0; i = next.Add(1) {
				if err := soakRound(t.Context(), i); err != "" {
					disagreements.Add(1)
					t.Errorf("round %d: %s", i, err)
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d signatures, %d disagreements", 2*min(next.Load(), rounds), disagreements.Load())
}

func soakRounds(t *testing.T) int64 {
	text := os.Getenv("KAPOK_SOAK")
	if text == "" {
		return 200
	}
	signatures, err := strconv.ParseInt(text, 10, 64)
	if err != nil || signatures < 1 {
		t.Fatal("KAPOK_SOAK is not a number of signatures")
	}
	return (signatures + 1) / 2
}

// soakRound returns what went wrong, with all that is needed to repeat it.
func soakRound(ctx context.Context, round int64) string {
	key, err := GenerateKey()
	if err != nil {
		return err.Error()
	}
	msg := make([]byte, round%200)
	rand.Read(msg)
	ours, err := key.Sign(ctx, msg, Raw)
	if err != nil {
		return err.Error()
	}
	r, s, err := tjfoc.Sm2Sign(tjfocKey(key), msg, nil, rand.Reader)
	if err != nil {
		return err.Error()
	}
	theirs := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	verifier := NewVerifier(VerifierOptions{Both: true})
	for name, sig := range map[string][]byte{"emmansun's": ours, "tjfoc's": theirs} {
		if err := verifier.Verify("", key.Public(), msg, sig, Raw); err != nil {
			return name + " signature: " + err.Error() + repeat(key, msg, sig)
		}
		if round%8 != 0 {
			continue
		}
		sig[round/8%64] ^= 1 << (round / 512 % 8)
		if err := verifier.Verify("", key.Public(), msg, sig, Raw); err == nil || errors.Is(err, ErrUndecided) {
			return name + " signature, changed: not refused by both" + repeat(key, msg, sig)
		}
	}
	return ""
}

func repeat(key *PrivateKey, msg, sig []byte) string {
	return "\nd " + new(big.Int).SetBytes(key.Bytes()).Text(16) + "\nmessage " + new(big.Int).SetBytes(msg).Text(16) + "\nr‖s " + new(big.Int).SetBytes(sig).Text(16)
}
