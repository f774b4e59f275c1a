package httpapi

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"kapok/catalog"
	"kapok/connectors/guard"
	"kapok/gateway/facade"
	"kapok/gateway/publishing"
	"kapok/gateway/web"
)

// Config holds what the edge is built from. Every part is required.
type Config struct {
	PublicURL     string                  // under which callers reach every node: scheme and host, no slash at the end
	Catalog       func() *catalog.Catalog // the one in force
	Exchanges     Exchanges
	Tokens        Tokens
	Logins        Logins
	Sessions      Sessions
	Subjects      Subjects
	Safe          Safe
	Licences      Licences
	LicenceApp    *facade.LicenceApp
	CertShare     *facade.CertShare
	Cases         Cases
	Bases         Bases
	Record        Record
	Readings      Readings
	Rules         Rules
	Sources       func() []guard.Health // measured now
	Violations    Violations
	Matters       Matters
	Desk          Desk
	Stops         Stops
	Keys          Keys
	Unverified    Unverified
	Seconding     Confirmations
	Notices       Notifications
	Returns       Returns
	Importing     Importing
	ReturnActs    ReturnActs
	Editions      publishing.Store
	Publishing    Publishing
	Replays       publishing.Replays
	Explain       Explanations
	Batches       Batches
	Subscriptions Subscriptions
	Mandates      Mandates
	Trial         TrialClock     // nil except in trials: the clock of the workflow, to be moved
	Proxies       []netip.Prefix // whose X-Forwarded-For is believed
	Provider      Provider
	Trust         []byte // the bundle to pin, as it is handed out
	Checks        []Check
	Metrics       *prometheus.Registry
	Now           func() time.Time
	Log           *slog.Logger
}

// api is what the handlers share; nothing in it changes once it is built.
type api struct {
	publicURL     string
	origin        string // of our own pages
	catalog       func() *catalog.Catalog
	names         names
	exchanges     Exchanges
	tokens        Tokens
	logins        Logins
	sessions      Sessions
	subjects      Subjects
	safe          Safe
	licences      Licences
	licenceApp    *facade.LicenceApp
	certShare     *facade.CertShare
	cases         Cases
	bases         Bases
	record        Record
	readings      Readings
	rules         Rules
	returns       Returns
	importing     Importing
	returnActs    ReturnActs
	batches       Batches
	subscriptions Subscriptions
	mandates      Mandates
	sources       func() []guard.Health
	violations    Violations
	matters       Matters
	desk          Desk
	stops         Stops
	keys          Keys
	unverified    Unverified
	seconding     Confirmations
	notices       Notifications
	editions      publishing.Store
	publishing    Publishing
	replays       publishing.Replays
	explanations  Explanations
	trial         TrialClock
	proxies       []netip.Prefix
	provider      *provider
	cookies       cookies
	pages         web.Pages
	trust         []byte
	now           func() time.Time
	log           *slog.Logger
}

// handlers implements what the strict server asks for.
type handlers struct{ *api }

// New builds the whole edge.
func New(config Config) (http.Handler, error) {
	address, err := publicAddress(config.PublicURL)
	if err != nil {
		return nil, err
	}
	pages, err := web.Load()
	if err != nil {
		return nil, err
	}
	a := &api{
		publicURL: config.PublicURL, origin: originOf(address),
		catalog: config.Catalog, names: names{config.Catalog},
		exchanges: config.Exchanges, tokens: config.Tokens, logins: config.Logins, sessions: config.Sessions, subjects: config.Subjects,
		safe: config.Safe, licences: config.Licences, licenceApp: config.LicenceApp, certShare: config.CertShare, cases: config.Cases, bases: config.Bases, record: config.Record, readings: config.Readings, rules: config.Rules, sources: config.Sources, violations: config.Violations,
		matters: config.Matters, desk: config.Desk, stops: config.Stops, keys: config.Keys, unverified: config.Unverified, trial: config.Trial, proxies: config.Proxies,
		seconding: config.Seconding, notices: config.Notices,
		returns: config.Returns, importing: config.Importing, returnActs: config.ReturnActs,
		editions: config.Editions, publishing: config.Publishing, replays: config.Replays, explanations: config.Explain,
		batches: config.Batches, subscriptions: config.Subscriptions, mandates: config.Mandates,
		provider: newProvider(config.Provider, config.PublicURL+"/auth/callback", config.Now),
		cookies:  cookies{https: address.Scheme == "https"}, pages: pages, trust: config.Trust,
		now: config.Now, log: config.Log,
	}
	return a.routes(config)
}

func publicAddress(raw string) (*url.URL, error) {
	address, err := url.Parse(raw)
	if err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https" || strings.TrimPrefix(raw, originOf(address)) != "" {
		return nil, fmt.Errorf("httpapi: the public address is http:// or https:// with a host, and nothing after it")
	}
	return address, nil
}
