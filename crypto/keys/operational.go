package keys

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"kapok/crypto/pki"
	"kapok/crypto/sm"
)

// Authority certifies operational keys; [File] and [Vault] do. The chain comes
// leaf first, root last, DER. key proves that its holder asks.
type Authority interface {
	Certify(ctx context.Context, key sm.Signer, name string, life time.Duration) (chain [][]byte, err error)
}

// OperationalOptions says how an operational key lives. Zero values are replaced
// by the defaults.
type OperationalOptions struct {
	Name        string        // the certificate's common name, such as the node's
	Life        time.Duration // default 12 h, at most 24 h
	RenewBefore time.Duration // how long before its end a key is replaced; default a third of Life
	Root        []byte        // the root that must have certified it, DER; nil: the chain's last
	Log         *slog.Logger  // default slog.Default()
	// OnRenewal is called after every attempt, with its error or nil: a metric.
	OnRenewal func(err error)
}

// Operational is the short-lived signing key in force, replaced before it ends.
// It is safe for concurrent use; reading it takes no lock.
type Operational struct {
	authority Authority
	options   OperationalOptions
	verifier  *sm.Verifier
	current   atomic.Pointer[Signing]
	stop      context.CancelFunc
	stopped   chan struct{}
}

const (
	defaultLife    = 12 * time.Hour
	shortestLife   = 2 * time.Second // certificates count whole seconds
	longestWait    = time.Minute     // a clock that was set, or a machine that slept, is noticed this soon
	shortestRetry  = time.Second
	certifyTimeout = 30 * time.Second
)

// StartOperational makes the first key, has it certified, and renews it until
// [Operational.Close]. ctx bounds the first certificate only.
func StartOperational(ctx context.Context, authority Authority, options OperationalOptions) (*Operational, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	o := &Operational{
		authority: authority,
		options:   options,
		verifier:  sm.NewVerifier(sm.VerifierOptions{}),
		stopped:   make(chan struct{}),
	}
	if err := o.renew(ctx); err != nil {
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	go o.keepRenewed(background)
	return o, nil
}

func (o OperationalOptions) complete() (OperationalOptions, error) {
	if o.Life == 0 {
		o.Life = defaultLife
	}
	if o.RenewBefore == 0 {
		o.RenewBefore = o.Life / 3
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Name == "" {
		return o, errors.New("keys: the operational key has no name")
	}
	if o.Life < shortestLife || o.Life > pki.MaxOperational {
		return o, fmt.Errorf("keys: an operational key lives from %v to %v", shortestLife, pki.MaxOperational)
	}
	if o.RenewBefore < 0 || o.RenewBefore >= o.Life {
		return o, errors.New("keys: an operational key is renewed within its life")
	}
	return o, nil
}

// Current returns the key in force: one consistent snapshot. Its signer refuses
// when the key has ended and none could be had in its place.
func (o *Operational) Current() Signing { return *o.current.Load() }

// Ready returns nil while there is a key to sign with.
func (o *Operational) Ready() error {
	if ended(o.Current().NotAfter) {
		return errSigningEnded()
	}
	return nil
}

// Close ends the renewal. The key in force stays usable to its end.
func (o *Operational) Close() {
	o.stop()
	<-o.stopped
}

func (o *Operational) keepRenewed(ctx context.Context) {
	defer close(o.stopped)
	for {
		if !sleep(ctx, o.wait()) {
			return
		}
		if time.Now().Round(0).Before(o.renewalDue()) {
			continue
		}
		if err := o.renew(ctx); err != nil && !sleep(ctx, o.retry()) {
			return
		}
	}
}

func (o *Operational) renewalDue() time.Time { return o.Current().NotAfter.Add(-o.options.RenewBefore) }

func (o *Operational) wait() time.Duration {
	return min(max(time.Until(o.renewalDue()), 0), longestWait)
}

func (o *Operational) retry() time.Duration {
	return min(max(o.options.RenewBefore/20, shortestRetry), longestWait)
}

// renew puts a new certified key in the place of the current one; when it fails,
// the current one stays.
func (o *Operational) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, certifyTimeout)
	defer cancel()
	signing, err := o.certified(ctx)
	if err != nil {
		o.options.Log.Error("the operational key was not renewed", "error", err)
	} else {
		o.current.Store(signing)
		o.options.Log.Info("operational key in force", "until", signing.NotAfter)
	}
	if o.options.OnRenewal != nil {
		o.options.OnRenewal(err)
	}
	return err
}

func (o *Operational) certified(ctx context.Context) (*Signing, error) {
	key, err := sm.GenerateKey()
	if err != nil {
		return nil, err
	}
	chain, err := o.authority.Certify(ctx, key, o.options.Name, o.options.Life)
	if err != nil {
		return nil, err
	}
	leaf, err := o.check(chain, key)
	if err != nil {
		return nil, fmt.Errorf("keys: the authority's certificate is refused: %w", err)
	}
	return &Signing{Signer: heldKey{key, leaf.NotAfter}, Certificate: leaf.Raw, Chain: chain, NotAfter: leaf.NotAfter}, nil
}

// check verifies the new chain as any receiver of a receipt will, so that a key
// nobody would accept never signs.
func (o *Operational) check(chain [][]byte, key *sm.PrivateKey) (*pki.Certificate, error) {
	if len(chain) < 2 {
		return nil, errors.New("it comes without its chain")
	}
	rootDER := o.options.Root
	if rootDER == nil {
		rootDER = chain[len(chain)-1]
	}
	root, err := pki.Parse(rootDER)
	if err != nil {
		return nil, err
	}
	certified, err := pki.VerifyOperational(o.verifier, "operational", chain, []*pki.Certificate{root}, time.Now())
	if err != nil {
		return nil, err
	}
	if !certified.Equal(key.Public()) {
		return nil, errors.New("it is for another key")
	}
	return pki.Parse(chain[0])
}

func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
