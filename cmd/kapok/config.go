package main

import (
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"kapok/crypto/pki"
)

// config is what a node is told: a YAML file, overridden by KAPOK_… variables
// (KAPOK_DATABASE__URL for database.url). It is read once, at start.
type config struct {
	Listen     string           `koanf:"listen"`     // address of the HTTP server
	PublicURL  string           `koanf:"public_url"` // under which callers reach every node
	Node       string           `koanf:"node"`       // this node's name; its log is named after it
	LogName    string           `koanf:"log_name"`   // prefix of the logs' origins, a host name of the operator
	Database   databaseConfig   `koanf:"database"`
	Ledger     ledgerConfig     `koanf:"ledger"`
	Keys       keysConfig       `koanf:"keys"`
	Catalog    catalogConfig    `koanf:"catalog"`
	Policies   string           `koanf:"policies"` // folder; empty: those built in
	SignIn     signInConfig     `koanf:"sign_in"`
	Federation federationConfig `koanf:"federation"`
	Calendars  string           `koanf:"calendars"`   // folder of further years of working days; empty: those built in
	SealRoots  string           `koanf:"seal_roots"`  // file of further roots, PEM, that vouch for the seals of files brought to a desk; empty: none
	Proxies    []string         `koanf:"proxies"`     // networks of our own proxies, whose X-Forwarded-For is believed
	Profile    string           `koanf:"cpu_profile"` // file for a CPU profile of the whole run; empty: none

	pushPause  time.Duration // 0: as in production; else three attempts, the first pause so long
	trialStart time.Time     // kapok dev only: where the workflow's clock begins; zero: it is the real one
}

// proxies are those of [config.check].
func (c config) proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range c.Proxies {
		if network, err := netip.ParsePrefix(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

// sealRoots are the certificates, DER, of the file that the operator named.
func (c config) sealRoots() ([][]byte, error) {
	if c.SealRoots == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.SealRoots)
	if err != nil {
		return nil, fmt.Errorf("configuration: seal_roots: %w", err)
	}
	return pki.FromPEM(text), nil
}

type databaseConfig struct {
	URL string `koanf:"url"`
}

type ledgerConfig struct {
	Anchors     string        `koanf:"anchors"`      // folder outside the database for signed checkpoints; empty: none
	AnchorEvery time.Duration `koanf:"anchor_every"` // how often they are written
	Archive     string        `koanf:"archive"`      // folder of archives of the logs; empty: what was archived and deleted cannot be read

	RevocationLists []string `koanf:"revocation_lists"` // addresses of issuers' lists, kept for evidence; that of trial keys is kept without
}

type keysConfig struct {
	Backend        string        `koanf:"backend"` // file | vault
	Folder         string        `koanf:"folder"`  // file: where the sealed keys lie
	PassphraseFile string        `koanf:"passphrase_file"`
	Lifetime       time.Duration `koanf:"lifetime"` // of an operational key
	Vault          vaultConfig   `koanf:"vault"`
}

type vaultConfig struct {
	Address      string `koanf:"address"`
	RoleIDFile   string `koanf:"role_id_file"`
	SecretIDFile string `koanf:"secret_id_file"`
}

func (v vaultConfig) complete() bool {
	return v.Address != "" && v.RoleIDFile != "" && v.SecretIDFile != ""
}

type catalogConfig struct {
	Folder string            `koanf:"folder"` // empty: the example
	Values map[string]string `koanf:"values"` // what the placeholders stand for
}

// federationConfig is this Kapok's place in a federation of several; empty: it is in none.
type federationConfig struct {
	Member  string   `koanf:"member"`  // its id on the list
	Keepers []string `koanf:"keepers"` // files of the public keys (JWK) whose signature under the list is believed
}

type signInConfig struct {
	Issuer           string `koanf:"issuer"`
	ClientID         string `koanf:"client_id"`
	ClientSecretFile string `koanf:"client_secret_file"`
}

// readConfig reads path, if any, then the environment, and checks the whole. A
// setting that does not exist is an error in the file, where it is a misspelling.
func readConfig(path string) (config, error) {
	c := defaults()
	if path != "" {
		if err := merge(&c, file.Provider(path), yaml.Parser(), true); err != nil {
			return config{}, fmt.Errorf("configuration %s: %w", path, err)
		}
	}
	fromEnvironment := env.Provider(".", env.Opt{Prefix: "KAPOK_", TransformFunc: environmentKey})
	if err := merge(&c, fromEnvironment, nil, false); err != nil {
		return config{}, fmt.Errorf("configuration from the environment: %w", err)
	}
	if c.Database.URL == "" {
		c.Database.URL = os.Getenv("DATABASE_URL")
	}
	return c, c.check()
}

func merge(c *config, provider koanf.Provider, parser koanf.Parser, strict bool) error {
	k := koanf.New(".")
	if err := k.Load(provider, parser); err != nil {
		return err
	}
	return k.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result: c, TagName: "koanf", ErrorUnused: strict, WeaklyTypedInput: true,
		DecodeHook: mapstructure.StringToTimeDurationHookFunc(),
	}})
}

// environmentKey turns KAPOK_DATABASE__URL into database.url.
func environmentKey(name, value string) (string, any) {
	name = strings.TrimPrefix(name, "KAPOK_")
	return strings.ReplaceAll(strings.ToLower(name), "__", "."), value
}

func defaults() config {
	return config{
		Listen: "127.0.0.1:8640", PublicURL: "http://127.0.0.1:8640", Node: "node-1", LogName: "kapok.example",
		Ledger: ledgerConfig{AnchorEvery: time.Second},
		Keys:   keysConfig{Backend: fileBackend, Lifetime: 12 * time.Hour},
	}
}

// check names the setting at fault and the rule.
func (c config) check() error {
	for _, rule := range []struct {
		setting string
		says    string
		holds   bool
	}{
		{"public_url", "is an http or https address without a path", isBase(c.PublicURL)},
		{"node", "is not empty", c.Node != ""},
		{"database.url", "is not empty (or set DATABASE_URL)", c.Database.URL != ""},
		{"ledger.anchor_every", "is between 100 ms and 1 hour", c.Ledger.AnchorEvery >= 100*time.Millisecond && c.Ledger.AnchorEvery <= time.Hour},
		{"ledger.revocation_lists", "are http or https addresses", !slices.ContainsFunc(c.Ledger.RevocationLists, func(a string) bool { return !isAddress(a) })},
		{"keys.backend", "is file or vault", backends[c.Keys.Backend] != nil},
		{"keys.folder", "is not empty with the file backend", c.Keys.Backend != fileBackend || c.Keys.Folder != ""},
		{"keys.vault", "names address, role_id_file and secret_id_file with the vault backend", c.Keys.Backend != vaultBackend || c.Keys.Vault.complete()},
		{"proxies", "are networks in CIDR form", len(c.proxies()) == len(c.Proxies)},
		{"federation", "names a member where it names keepers, and keepers where it names a member", (c.Federation.Member == "") == (len(c.Federation.Keepers) == 0)},
		{"keys.lifetime", "is between 10 minutes and 24 hours", c.Keys.Lifetime >= 10*time.Minute && c.Keys.Lifetime <= 24*time.Hour},
	} {
		if !rule.holds {
			return fmt.Errorf("configuration: %s %s", rule.setting, rule.says)
		}
	}
	return nil
}

func isAddress(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != ""
}

func isBase(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && isAddress(address) && parsed.Path == ""
}
