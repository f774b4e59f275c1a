package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kapok/catalog"
	"kapok/connectors"
	"kapok/connectors/builtin"
	"kapok/crypto/keys"
	"kapok/crypto/sm"
	"kapok/gateway/batch"
	"kapok/gateway/confirmation"
	"kapok/gateway/enrolling"
	"kapok/gateway/exchange"
	"kapok/gateway/facade"
	"kapok/gateway/httpapi"
	"kapok/gateway/ledger"
	"kapok/gateway/ledger/anchor"
	"kapok/gateway/licensing"
	"kapok/gateway/mandates"
	"kapok/gateway/messages"
	"kapok/gateway/postgres"
	"kapok/gateway/publishing"
	"kapok/gateway/returns"
	"kapok/gateway/safe"
	"kapok/gateway/subscriptions"
)

// node is one running gateway: its parts, in the order in which they were started.
type node struct {
	config        config
	log           *slog.Logger
	keyring       keyring
	operational   *keys.Operational
	database      *postgres.DB
	journal       *ledger.Log
	origin        string // of this node's log
	releases      *messages.Releases
	anchors       *anchor.Folder // nil: none are kept
	verifier      *sm.Verifier
	workshop      *workshop
	federation    *ownFederation
	exchange      *exchange.Service
	licences      *licensing.Service
	safe          *safe.Service
	mandates      *mandates.Service
	batches       *batch.Service
	subscriptions *subscriptions.Service
	returns       *returns.Importer
	editions      inForce
	handler       http.Handler
	workflow      *workflow
	publishing    *publishing.Service
}

// startNode joins the parts, with keys that are open already. What was started before
// a failure is stopped again.
func startNode(ctx context.Context, c config, ring keyring, log *slog.Logger) (_ *node, err error) {
	n := &node{config: c, log: log, keyring: ring}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.stop(context.WithoutCancel(ctx)))
		}
	}()
	metrics := prometheus.NewRegistry()
	for _, start := range []func(context.Context, *prometheus.Registry) error{
		n.startSigning, n.openDatabase, n.openLedger, n.openExchange, n.openWorkflow, n.openPublishing, n.openEdge,
	} {
		if err := start(ctx, metrics); err != nil {
			return n, err
		}
	}
	return n, nil
}

func (n *node) startSigning(ctx context.Context, metrics *prometheus.Registry) (err error) {
	renewals := newCounter(metrics, "kapok_signing_key_renewals_total", "Operational keys made, by result.", "result")
	n.operational, err = keys.StartOperational(ctx, n.keyring, keys.OperationalOptions{
		Name: n.config.Node, Life: n.config.Keys.Lifetime, Root: n.keyring.Root(), Log: n.log,
		OnRenewal: func(err error) { renewals.WithLabelValues(resultOf(err)).Inc() },
	})
	return err
}

func (n *node) openDatabase(ctx context.Context, _ *prometheus.Registry) (err error) {
	n.database, err = postgres.Open(ctx, n.config.Database.URL, postgres.Options{Log: n.log, Shelf: n.config.shelf()})
	return err
}

func (n *node) openLedger(ctx context.Context, metrics *prometheus.Registry) (err error) {
	entries := newCounter(metrics, "kapok_ledger_entries_total", "Entries sealed in this node's log.")
	batches := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "kapok_ledger_commit_seconds", Help: "How long one batch took to become durable.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, 1},
	})
	metrics.MustRegister(batches)
	n.journal, err = n.openOwnLog(ctx, ledger.Options{
		Node: n.config.Node, Log: n.log, Signing: n.ledgerSigning,
		OnBatch: func(count int, took time.Duration) {
			entries.WithLabelValues().Add(float64(count))
			batches.Observe(took.Seconds())
		},
	})
	return err
}

func (n *node) openExchange(ctx context.Context, metrics *prometheus.Registry) error {
	n.verifier = newVerifier(metrics)
	keeper := messages.New(n.keyring.Persons(), n.database, time.Now)
	var err error
	if n.licences, err = n.newLicences(keeper); err != nil {
		return err
	}
	n.safe = n.newSafe()
	n.mandates = mandates.New(mandates.Config{Store: n.database, Catalog: func() *catalog.Catalog { return n.exchange.Catalog() }, Log: n.journal, Now: time.Now})
	if n.federation, err = openFederation(n.config.Federation, n.verifier); err != nil {
		return err
	}
	n.workshop = newWorkshop(builtin.World{
		Secrets: func(name string) (string, error) { return n.keyring.Secret(context.WithoutCancel(ctx), name) },
		Client:  connectors.HTTPClient(), Verifier: n.verifier, Self: n.federation.self(n.operational.Current),
	}, n.within(), metrics)
	live, err := n.firstLive(ctx)
	if err != nil {
		return err
	}
	n.releases = messages.NewReleases(keeper, n.database.Ledger().KeepReleases, n.log)
	n.exchange, err = exchange.New(n.path(live, keeper))
	return err
}

// path is what the one path is built from.
func (n *node) path(live exchange.Live, keeper *messages.Keeper) exchange.Config {
	return exchange.Config{
		Node: n.config.Node, PublicURL: n.config.PublicURL, Live: live, Refresh: n.refresh,
		Keys: n.database, Resolver: n.people(), Bases: n.database, Ledger: n.journal, Record: n.database.Ledger(), Messages: keeper, Releases: n.releases,
		Tests: n.database, Uses: n.database, Violations: corrections{n}, Grants: n.database, Presentations: scans{n.safe}, Cases: n.database, Drain: n.journal.Drain,
		Confirmations: n.database, Secret: n.keyring.Secret,
		Signing: n.operational.Current, Roots: [][]byte{n.keyring.Root()},
		Consents: asks{n.safe}, Erasures: asks{n.safe},
		Verifier: n.verifier, Now: time.Now, Log: n.log,
	}
}

func (n *node) openPublishing(context.Context, *prometheus.Registry) error {
	n.publishing = publishing.New(publishing.Config{
		Store: n.database, Replays: n.workflow.store, Notes: n.database.Ledger(), Log: n.journal,
		Values: n.config.Catalog.Values, Open: n.opens, Follows: n.federation.follows, Refresh: n.refresh, Now: time.Now,
	})
	return nil
}

func (n *node) openEdge(_ context.Context, metrics *prometheus.Registry) (err error) {
	n.openBatches()
	n.openReturns()
	if err := n.openSubscriptions(); err != nil {
		return err
	}
	secret, err := readSecretFile(n.config.SignIn.ClientSecretFile)
	if err != nil {
		return err
	}
	n.handler, err = httpapi.New(httpapi.Config{
		PublicURL: n.config.PublicURL, Catalog: n.exchange.Catalog, Exchanges: n.exchange, Tokens: n.exchange,
		Sessions: n.database, Logins: n.database, Subjects: n.people(), Bases: n.database, Record: n.database.Ledger(), Readings: n.journal, Rules: n.database,
		Safe: n.safe, Licences: n.licences, LicenceApp: &facade.LicenceApp{World: n.facades()}, CertShare: &facade.CertShare{World: n.facades(), Keys: n.database, Register: n.licences}, Cases: n.newCases(),
		Returns: n.database.Returns(), Importing: n.returns, ReturnActs: n.returns,
		Editions: n.database, Publishing: n.publishing, Replays: n.workflow.store, Explain: n.exchange,
		Batches: n.batches, Subscriptions: n.subscriptions, Mandates: n.mandates,
		Provider: httpapi.Provider{Issuer: n.config.SignIn.Issuer, ClientID: n.config.SignIn.ClientID, ClientSecret: secret},
		Matters:  n.workflow.service, Desk: n.workflow.service, Stops: n.workflow.service, Keys: n.newEnrolling(), Unverified: n.database,
		Seconding: &confirmation.Service{Store: n.database, Log: n.journal, Now: time.Now}, Notices: n.database,
		Trial: n.workflow.trialClock(), Proxies: n.config.proxies(),
		Sources: n.workshop.health, Violations: n.database,
		Trust: n.bundle(),
		Checks: []httpapi.Check{
			{Name: "database", Probe: n.database.Ping},
			{Name: "signing-key", Probe: func(context.Context) error { return n.operational.Ready() }},
			{Name: "ledger", Probe: func(context.Context) error { return n.journal.Ready() }},
		},
		Metrics: metrics, Now: time.Now, Log: n.log,
	})
	return err
}

func (n *node) facades() facade.World {
	return facade.World{Path: n.exchange, Store: n.database, Catalog: n.exchange.Catalog, Secret: n.keyring.Secret, Now: time.Now}
}

func (n *node) newEnrolling() *enrolling.Service {
	return enrolling.New(enrolling.Config{
		PublicURL: n.config.PublicURL, Catalog: n.exchange.Catalog, Store: n.database, Log: n.journal, Verifier: n.verifier, Now: time.Now,
	})
}

func (n *node) people() *postgres.People {
	return n.database.People(n.keyring.Lookup().All).WithKeys(n.keyring.Persons())
}

// bundle is what a verifier pins: the root, and nothing that a server could change.
func (n *node) bundle() []byte {
	return ledger.Bundle{Name: n.config.LogName, Roots: [][]byte{n.keyring.Root()}}.Encode()
}

// shutdownGrace is how long calls under way may take to end.
const shutdownGrace = 15 * time.Second

// serve answers until ctx ends, then stops in order: no new calls, the ledger's queue
// sealed, the connections closed.
func (n *node) serve(ctx context.Context, listener net.Listener) error {
	stopJobs, err := n.workflow.store.StartJobs(ctx, n.config.Node, n.workflow.service, n.publishing, n.subscriptions)
	if err != nil {
		return errors.Join(err, n.stop(context.WithoutCancel(ctx)))
	}
	answering, spreading := n.answerBatches(ctx), n.spreadChanges(ctx)
	issuing := n.issueBatches(ctx)
	tidying, keeping, granting, watching := n.keepTidy(ctx), n.keepLogs(ctx), n.keepGrants(ctx), n.watchEditions(ctx)
	counting := n.keepCounting(ctx)
	lapsing := n.keepBases(ctx)
	revoking := n.keepRevocations(ctx)
	landing := n.keepReturns(ctx)
	err = httpapi.Serve(ctx, httpapi.NewServer(n.handler, n.log), listener, shutdownGrace)
	<-answering
	<-spreading
	<-tidying
	<-issuing
	<-keeping
	<-granting
	<-lapsing
	<-revoking
	<-landing
	<-watching
	<-counting
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	err = errors.Join(err, stopJobs(ending), n.exchange.ReturnQuotas(ending))
	return errors.Join(err, n.stop(context.WithoutCancel(ctx)))
}

func (n *node) stop(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	if n.releases != nil {
		n.releases.Close()
	}
	if n.journal != nil {
		err = n.journal.Close(ctx)
	}
	if n.operational != nil {
		n.operational.Close()
	}
	if n.database != nil {
		n.database.Close()
	}
	if held, ok := n.keyring.(closer); ok {
		if err := held.Close(ctx); err != nil {
			n.log.Warn("Vault's token was not given back; it ends by itself", "error", err)
		}
	}
	return err
}
