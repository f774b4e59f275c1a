package keys_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kapok/crypto/keys"
	"kapok/crypto/pki"
	"kapok/crypto/sm"
	"kapok/gateway"
)

func newKey(t testing.TB) *sm.PrivateKey {
	t.Helper()
	key, err := sm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// outage is an authority that can be cut off.
type outage struct {
	keys.Authority
	gone atomic.Bool
	asks atomic.Int32
}

func (o *outage) Certify(ctx context.Context, key sm.Signer, name string, life time.Duration) ([][]byte, error) {
	o.asks.Add(1)
	if o.gone.Load() {
		return nil, errors.New("cut off")
	}
	return o.Authority.Certify(ctx, key, name, life)
}

func start(t *testing.T, authority keys.Authority, options keys.OperationalOptions) *keys.Operational {
	t.Helper()
	options.Name, options.Log = "node-1", quiet()
	o, err := keys.StartOperational(t.Context(), authority, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.Close)
	return o
}

func TestRotationFailsNoSignature(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := openFile(t, t.TempDir())
		o := start(t, file, keys.OperationalOptions{Life: time.Hour, Root: file.Root()})
		root, err := pki.Parse(file.Root())
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		var held keys.Signing
		for range 24 * 12 { // a day in steps of five minutes
			current := o.Current()
			if seen[string(current.Certificate)] = true; held.Signer == nil {
				held = current
			}
			verifySigning(t, current, root)
			if !time.Now().After(held.NotAfter) { // an old snapshot is good to its end
				verifySigning(t, held, root)
			}
			time.Sleep(5 * time.Minute)
		}
		if len(seen) < 24 || len(seen) > 40 {
			t.Errorf("%d keys in a day of one-hour lives", len(seen))
		}
		if _, err := held.Signer.Sign(t.Context(), []byte("m"), sm.DER); gateway.AsError(err).Code != "signing-key-ended" {
			t.Errorf("a key that has ended: %v", err)
		}
	})
}

func verifySigning(t *testing.T, s keys.Signing, root *pki.Certificate) {
	t.Helper()
	v := sm.NewVerifier(sm.VerifierOptions{})
	signature, err := s.Signer.Sign(t.Context(), []byte("message"), sm.Raw)
	if err != nil {
		t.Fatal(err)
	}
	public, err := pki.VerifyOperational(v, "test", s.Chain, []*pki.Certificate{root}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Verify("test", public, []byte("message"), signature, sm.Raw); err != nil {
		t.Fatal(err)
	}
}

func TestAuthorityGoneThenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		authority := &outage{Authority: openFile(t, t.TempDir())}
		var failed atomic.Int32
		o := start(t, authority, keys.OperationalOptions{Life: time.Hour, OnRenewal: func(err error) {
			if err != nil {
				failed.Add(1)
			}
		}})
		authority.gone.Store(true)
		time.Sleep(time.Until(o.Current().NotAfter))
		if _, err := o.Current().Signer.Sign(t.Context(), []byte("m"), sm.DER); err != nil || o.Ready() != nil {
			t.Errorf("the key does not go on to its end: %v", err)
		}
		time.Sleep(time.Second)
		_, err := o.Current().Signer.Sign(t.Context(), []byte("m"), sm.DER)
		if e := gateway.AsError(err); e.Code != "signing-key-ended" || e.Kind != gateway.Unavailable || e.RetryAfter == 0 {
			t.Errorf("past its end: %v", err)
		}
		if o.Ready() == nil {
			t.Error("ready without a key")
		}
		if failed.Load() < 10 || authority.asks.Load() > 200 {
			t.Errorf("%d failures told, %d asks", failed.Load(), authority.asks.Load())
		}
		authority.gone.Store(false)
		time.Sleep(2 * time.Minute)
		if _, err := o.Current().Signer.Sign(t.Context(), []byte("m"), sm.DER); err != nil {
			t.Errorf("the authority is back: %v", err)
		}
	})
}

// liar answers with what another key or usage was given.
type liar struct {
	file *keys.File
	lie  pki.Request
}

func (l liar) Certify(ctx context.Context, key sm.Signer, _ string, life time.Duration) ([][]byte, error) {
	request := l.lie
	if request.Public == nil {
		request.Public = key.Public()
	}
	request.Name, request.From = "lie", time.Now()
	request.To = request.From.Add(life)
	return l.file.Issue(ctx, request)
}

func TestWrongCertificatesAreRefused(t *testing.T) {
	file, other := openFile(t, t.TempDir()), openFile(t, t.TempDir())
	cases := map[string]struct {
		authority keys.Authority
		options   keys.OperationalOptions
	}{
		"for another key":      {liar{file, pki.Request{Usage: pki.Operational, Public: newKey(t).Public()}}, keys.OperationalOptions{}},
		"for another use":      {liar{file, pki.Request{Usage: pki.Department}}, keys.OperationalOptions{}},
		"by another root":      {file, keys.OperationalOptions{Root: other.Root()}},
		"life over a day":      {file, keys.OperationalOptions{Life: 25 * time.Hour}},
		"renewal past its end": {file, keys.OperationalOptions{Life: time.Hour, RenewBefore: time.Hour}},
	}
	for name, c := range cases {
		c.options.Name, c.options.Log = "node", quiet()
		if o, err := keys.StartOperational(t.Context(), c.authority, c.options); err == nil {
			o.Close()
			t.Errorf("%s: taken", name)
		}
	}
}

func TestCurrentIsOneSnapshotUnderRotation(t *testing.T) {
	file := openFile(t, t.TempDir())
	o := start(t, file, keys.OperationalOptions{Life: 3 * time.Second, RenewBefore: 2500 * time.Millisecond})
	root, err := pki.Parse(file.Root())
	if err != nil {
		t.Fatal(err)
	}
	first := o.Current().NotAfter
	var group sync.WaitGroup
	end := time.Now().Add(4 * time.Second)
	for range 4 {
		group.Go(func() {
			for time.Now().Before(end) {
				verifySigning(t, o.Current(), root)
				time.Sleep(time.Millisecond)
			}
		})
	}
	group.Wait()
	if !o.Current().NotAfter.After(first) {
		t.Error("the key was not replaced")
	}
}

// BenchmarkOperationalSign measures the hot path: snapshot and signature of 1 KiB.
func BenchmarkOperationalSign(b *testing.B) {
	o, err := keys.StartOperational(b.Context(), openFile(b, b.TempDir()), keys.OperationalOptions{Name: "bench", Log: quiet()})
	if err != nil {
		b.Fatal(err)
	}
	defer o.Close()
	message := make([]byte, 1024)
	for b.Loop() {
		if _, err := o.Current().Signer.Sign(b.Context(), message, sm.Raw); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "signatures/s")
}
