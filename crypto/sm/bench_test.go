package sm

import (
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
)

// benchmarkMessage is 1 KiB, as large as a usual signature base or token.
var benchmarkMessage = make([]byte, 1<<10)

// BenchmarkSign compares in one run: ours (ZA kept) against the library's own.
func BenchmarkSign(b *testing.B) {
	key := newKey(b)
	b.Run("kapok", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.Sign(b.Context(), benchmarkMessage, DER); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("kapok-raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.Sign(b.Context(), benchmarkMessage, Raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("emmansun", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := key.key.Sign(rand.Reader, benchmarkMessage, sm2.DefaultSM2SignerOpts); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	key := newKey(b)
	der, raw := sign(b, key, benchmarkMessage, DER), sign(b, key, benchmarkMessage, Raw)
	verifier := NewVerifier(VerifierOptions{})
	for name, test := range map[string]struct {
		sig []byte
		enc Encoding
	}{"kapok": {der, DER}, "kapok-raw": {raw, Raw}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := verifier.Verify("", key.Public(), benchmarkMessage, test.sig, test.enc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("emmansun", func(b *testing.B) {
		pub, err := sm2.NewPublicKey(key.Public().Bytes())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if !sm2.VerifyASN1WithSM2(pub, nil, benchmarkMessage, der) {
				b.Fatal("refused")
			}
		}
	})
}

// BenchmarkRatio takes turns between ours and the library's own and compares the
// medians, so that a busy machine slows both alike. The aim is at most 1.1.
func BenchmarkRatio(b *testing.B) {
	key := newKey(b)
	sig := sign(b, key, benchmarkMessage, DER)
	pub, err := sm2.NewPublicKey(key.Public().Bytes())
	if err != nil {
		b.Fatal(err)
	}
	verifier := NewVerifier(VerifierOptions{})
	b.Run("sign", func(b *testing.B) {
		ratio(b, func() bool { _, err := key.Sign(b.Context(), benchmarkMessage, DER); return err == nil },
			func() bool {
				_, err := key.key.Sign(rand.Reader, benchmarkMessage, sm2.DefaultSM2SignerOpts)
				return err == nil
			})
	})
	b.Run("verify", func(b *testing.B) {
		ratio(b, func() bool { return verifier.Verify("", key.Public(), benchmarkMessage, sig, DER) == nil },
			func() bool { return sm2.VerifyASN1WithSM2(pub, nil, benchmarkMessage, sig) })
	})
}

func ratio(b *testing.B, ours, theirs func() bool) {
	var times [2][]time.Duration
	for b.Loop() {
		for i, call := range []func() bool{ours, theirs} {
			start := time.Now()
			if !call() {
				b.Fatal("failed")
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	median := func(all []time.Duration) float64 { slices.Sort(all); return float64(all[len(all)/2]) }
	b.ReportMetric(median(times[0])/median(times[1]), "ratio")
	b.ReportMetric(median(times[0]), "median-ns")
}

// BenchmarkJunk is one caller that floods with well-formed signatures that are
// not valid. Within the budget each costs both libraries; beyond, the fast one
// only.
func BenchmarkJunk(b *testing.B) {
	key := newKey(b)
	junk := sign(b, newKey(b), benchmarkMessage, DER)
	for name, options := range map[string]VerifierOptions{
		"unlimited": {SecondOpinionsPerSecond: 1e9, Burst: 1e9, TotalPerSecond: 1e9, TotalBurst: 1e9},
		"limited":   {},
	} {
		b.Run(name, func(b *testing.B) {
			opinions, limited := 0, 0
			options.OnLimited = func(string) { limited++ }
			verifier := NewVerifier(options)
			for b.Loop() {
				if err := verifier.Verify("junk", key.Public(), benchmarkMessage, junk, DER); err == nil {
					b.Fatal("junk was accepted")
				}
				opinions++
			}
			b.ReportMetric(float64(opinions-limited)/b.Elapsed().Seconds(), "opinions/s")
		})
	}
}

func BenchmarkSeal(b *testing.B) {
	key := make([]byte, KeySize)
	b.ReportAllocs()
	b.SetBytes(int64(len(benchmarkMessage)))
	for b.Loop() {
		if _, err := SealGCM(key, benchmarkMessage, nil); err != nil {
			b.Fatal(err)
		}
	}
}
